/**
 * Top-level domains that names of two labels outside a cluster most often end in. A namespace may have such a name; a
 * question for `example.com` must still never be taken for the Service `example` of the namespace `com`. `search_tlds`
 * adds others.
 */
export const wellKnownTopLevelDomains: readonly string[] = (
  'com net org edu gov mil int info biz name pro arpa local localhost onion ' +
  'app dev io ai cloud xyz ' +
  'ac ad ae af ag al am ao ar at au az ba bd be bg bh bo br bw by bz ca cc ch ci cl cm cn co cr cu cy cz de dk do dz ec ee eg es ' +
  'et eu fi fj fr gb ge gg gh gi gr gt hk hn hr hu id ie il im in iq ir is it je jm jo jp ke kg kh kr kw kz lb li lk lt lu lv ' +
  'ly ma md me mg mk mm mn mo mt mu mv mx my mz na ng ni nl no np nz om pa pe pg ph pk pl pr ps pt py qa ro rs ru rw sa sc sd ' +
  'se sg sh si sk sl sm sn so st su sv sy th tj tl tm tn to tr tt tv tw tz ua ug uk us uy uz va ve vn ws ye za zm zw'
).split(' ');

/** Those that no registry has, for uses of their own (RFC 6761, RFC 6762, RFC 7686, RFC 9476), and what private networks take. */
export const specialTopLevelDomains: readonly string[] =
  'alt arpa corp example home internal intranet invalid lan local localhost onion private test'.split(' ');

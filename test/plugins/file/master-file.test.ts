/** Master files (RFC 1035 §5): what is read out of them, and what is said about one that is wrong. */
import { symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { typeName } from '../../../src/dns/constants.ts';
import { type QueryOptions, type Service, ask, makeQuery, recordsOf, textOf } from '../support.ts';
import { type Folder, useFolder } from './zones.ts';

const folder = useFolder();
const HEAD = '$TTL 300\n@ SOA ns hostmaster 1 7200 1800 86400 60\n@ NS ns\n';

/** All records of a zone, as text, the SOA and the NS of `HEAD` left out. */
async function recordsIn(text: string, from: Folder = folder): Promise<readonly string[]> {
  return transferred(await from.zone(text)).filter((line) => !line.startsWith('example.test. 300 IN NS ns.example'));
}

/** Behind the type that it is of. */
const SIGNATURE = '8 3 300 20300101000000 20200101000000 1 example.test. AAAA';
const SIGNED: QueryOptions = { edns: { dnssecOk: true } };

/** What records are of, sorted; signatures by what they sign. */
function typesOf(records: readonly string[]): readonly string[] {
  const types = records.map((line) => {
    const [, , , type = '', , , data = ''] = line.split(' ');
    return type === 'RRSIG' ? `RRSIG of ${typeName(Number.parseInt(data.slice(0, 4), 16))}` : type;
  });
  return types.toSorted();
}

/** All records of a zone but the SOA, as a transfer has them. */
function transferred({ host }: Service): readonly string[] {
  return recordsOf([...(host.neighbours.zones[0]?.contents()?.records ?? [])]);
}

/** The records in the answer of the apex or of another name. */
function answersOf(service: Service, type: string, options?: QueryOptions, name = ''): readonly string[] {
  const answer = ask(service.plugin, makeQuery(`${name}example.test.`, type, options));
  return answer.kind === 'reply' ? recordsOf(answer.answers) : [];
}

async function refusal(text: string): Promise<string> {
  const said = await folder.zone(text).then(
    () => 'it was served',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return said.replaceAll(`${folder.path('')}/`, '').replace('plugin/file: ', '');
}

describe('a master file', () => {
  it.each([
    ['names without a final dot are completed', 'a A 192.0.2.1', ['a.example.test. 300 IN A 192.0.2.1']],
    ['names with one are not', 'a.example.test. A 192.0.2.1', ['a.example.test. 300 IN A 192.0.2.1']],
    ['@ is the origin', '@ TXT x', ['example.test. 300 IN TXT "x"']],
    [
      'a blank owner is the last one',
      'a A 192.0.2.1\n  A 192.0.2.2\n\tTXT x',
      ['a.example.test. 300 IN A 192.0.2.1', 'a.example.test. 300 IN A 192.0.2.2', 'a.example.test. 300 IN TXT "x"'],
    ],
    [
      'a blank line and a comment do not change the owner',
      'a A 192.0.2.1\n\n ; nothing\n\t\n A 192.0.2.2',
      ['a.example.test. 300 IN A 192.0.2.1', 'a.example.test. 300 IN A 192.0.2.2'],
    ],
    [
      '$ORIGIN changes what completes',
      '$ORIGIN sub\na A 192.0.2.1\n$ORIGIN other.example.test.\n@ A 192.0.2.2',
      ['a.sub.example.test. 300 IN A 192.0.2.1', 'other.example.test. 300 IN A 192.0.2.2'],
    ],
    [
      '$TTL holds from there on',
      '$TTL 1h30m\na A 192.0.2.1\n$TTL 1w2d\nb A 192.0.2.2\nc 5 A 192.0.2.3',
      [
        'a.example.test. 5400 IN A 192.0.2.1',
        'b.example.test. 777600 IN A 192.0.2.2',
        'c.example.test. 5 IN A 192.0.2.3',
      ],
    ],
    [
      'TTL and class stand in either order',
      'a 60 IN A 192.0.2.1\nb IN 60 A 192.0.2.2\nc in a 192.0.2.3',
      ['a.example.test. 60 IN A 192.0.2.1', 'b.example.test. 60 IN A 192.0.2.2', 'c.example.test. 300 IN A 192.0.2.3'],
    ],
    [
      'parentheses hold lines together',
      'a TXT ( one ; comment with ) and "\n  two\n\n) \nb TXT (x) (y)',
      ['a.example.test. 300 IN TXT "one" "two"', 'b.example.test. 300 IN TXT "x" "y"'],
    ],
    [
      'quotes keep what means something outside',
      'a TXT "a;b (c) \\" d" ; "',
      [String.raw`a.example.test. 300 IN TXT "a;b (c) \" d"`],
    ],
    [
      'escapes stand for octets',
      String.raw`a\.b A 192.0.2.1` + '\n' + String.raw`c\032d\; TXT \065\"x`,
      [String.raw`a\.b.example.test. 300 IN A 192.0.2.1`, String.raw`c\032d\;.example.test. 300 IN TXT "A\"x"`],
    ],
    ['UTF-8 is kept octet by octet', 'a TXT à', [String.raw`a.example.test. 300 IN TXT "\195\160"`]],
    [
      'carriage returns are white space',
      'a A 192.0.2.1\r\n  A 192.0.2.2\r\n',
      ['a.example.test. 300 IN A 192.0.2.1', 'a.example.test. 300 IN A 192.0.2.2'],
    ],
    ['the last line needs no end', 'a A 192.0.2.1', ['a.example.test. 300 IN A 192.0.2.1']],
    [
      'records of one name and type are one set, each once, with the smallest TTL',
      'a 60 A 192.0.2.1\nA 30 A 192.0.2.2\na A 192.0.2.1',
      ['a.example.test. 30 IN A 192.0.2.1', 'a.example.test. 30 IN A 192.0.2.2'],
    ],
    [
      'a listing of a transfer ends with the SOA again',
      'a A 192.0.2.1\n@ SOA ns hostmaster 1 7200 1800 86400 60',
      ['a.example.test. 300 IN A 192.0.2.1'],
    ],
    [
      '$GENERATE makes a record for each number',
      '$GENERATE 9-13/2 host-$ A 192.0.2.$\n$GENERATE 1-2 ${10,4,x} TXT "$$ ${-3}"',
      [
        'host-9.example.test. 300 IN A 192.0.2.9',
        'host-11.example.test. 300 IN A 192.0.2.11',
        'host-13.example.test. 300 IN A 192.0.2.13',
        '000b.example.test. 300 IN TXT "$ -2"',
        '000c.example.test. 300 IN TXT "$ -1"',
      ],
    ],
  ])('%s', async (_, text, records) => {
    expect(await recordsIn(HEAD + text)).toEqual(records);
  });

  it('a byte order mark at its start is passed over', async () => {
    expect(await recordsIn(`\uFEFF${HEAD}a A 192.0.2.1`)).toEqual(['a.example.test. 300 IN A 192.0.2.1']);
  });

  it('without $TTL, records have the last TTL that was said, before that the minimum of the SOA', async () => {
    const text = '@ SOA ns hostmaster 1 7200 1800 86400 60\na A 192.0.2.1\nb 5 A 192.0.2.2\nc A 192.0.2.3';
    expect(await recordsIn(text)).toEqual([
      'a.example.test. 60 IN A 192.0.2.1',
      'b.example.test. 5 IN A 192.0.2.2',
      'c.example.test. 5 IN A 192.0.2.3',
    ]);
  });

  it('entries are the same wherever the pieces end in which the file is read', async () => {
    const long = Array.from({ length: 3000 }, (_, i) => `n${i} TXT ( "a;${i}" ; comment\n \\)${i} )\n`).join('');
    const records = await recordsIn(HEAD + long);
    expect(records).toHaveLength(3000);
    expect(records[2999]).toBe('n2999.example.test. 300 IN TXT "a;2999" ")2999"');
  });
});

describe('$INCLUDE', () => {
  it('reads another file in place of the line; origin, owner and TTL are as before behind it', async () => {
    folder.write('more/hosts', '$TTL 7\n$ORIGIN deep\nx A 192.0.2.8\n@ A 192.0.2.9\n');
    const text = `${HEAD}a A 192.0.2.1\n$INCLUDE more/hosts sub ; comment\n A 192.0.2.2\n$INCLUDE "more/hosts"\nb A 192.0.2.3`;
    expect(await recordsIn(text)).toEqual([
      'a.example.test. 300 IN A 192.0.2.1',
      'a.example.test. 300 IN A 192.0.2.2',
      'x.deep.sub.example.test. 7 IN A 192.0.2.8',
      'deep.sub.example.test. 7 IN A 192.0.2.9',
      'x.deep.example.test. 7 IN A 192.0.2.8',
      'deep.example.test. 7 IN A 192.0.2.9',
      'b.example.test. 300 IN A 192.0.2.3',
    ]);
  });

  it('is relative to the file that includes', async () => {
    folder.write('more/hosts', '$INCLUDE others\n');
    folder.write('more/others', 'x A 192.0.2.8\n');
    expect(await recordsIn(`${HEAD}$INCLUDE more/hosts`)).toEqual(['x.example.test. 300 IN A 192.0.2.8']);
  });

  it('names the included file where something in it is wrong', async () => {
    folder.write('more', '\nx A 192.0.2.300\n');
    expect(await refusal(`${HEAD}$INCLUDE more`)).toBe(
      "more:2:5: '192.0.2.300' is no IPv4 address; expected an IPv4 address",
    );
  });

  it.each(['/etc/hostname', '../outside', 'more/../../outside', 'link'])(
    'of %s is refused: it is not below the folder',
    async (target) => {
      symlinkSync('/etc/hostname', folder.path('link'));
      folder.write('zone/../more/x', '');
      folder.write('db', '');
      const said = await refusal(`${HEAD}$INCLUDE ${target}`);
      expect(said).toMatch(/^db:4:10: \S+ is not below the folder of the zone file; expected a file in \S+ or below$/);
    },
  );
});

describe('a zone file that is wrong is refused at the start, with the place', () => {
  it.each([
    ['www AAA 192.0.2.1', "db:4:5: 'AAA' is no type of record; expected a TTL, a class or a record type"],
    ['www A 192.0.2.1 192.0.2.2', "db:4:17: '192.0.2.2' is one word too many; expected the end of the record"],
    ['www A', 'db:4:6: the record ends too early; expected an IPv4 address'],
    ['a..b A 192.0.2.1', "db:4:1: 'a..b' is no domain name; expected a record: [NAME] [TTL] [CLASS] TYPE DATA"],
    [
      'a A 192.0.2.1\n\nb MX (\n  ten\n  mail )',
      "db:7:3: 'ten' is no number from 0 to 65535; expected a preference, from 0 to 65535",
    ],
    ['a TXT ( one\nb A 192.0.2.1\n', "db:4:7: a '(' without its ')'; expected a ')' behind it"],
    ['a TXT one )', "db:4:11: a ')' without its '('; expected a '(' before it"],
    ['a TXT "one\nb A 192.0.2.1', `db:4:7: a quote that is never closed; expected a second '"'`],
    ['a CH TXT x', 'db:4:3: a class that is not served; expected IN'],
    ['a 3000000000 A 192.0.2.1', 'db:4:3: a TTL of 3000000000; expected a TTL of at most 2147483647 seconds'],
    ['$TTL soon', "db:4:6: 'soon' is no time; expected a TTL: seconds, or a time like 1h30m"],
    ['$ORIGIN a..b', "db:4:9: 'a..b' is no domain name; expected a name"],
    [
      '$INCULDE x',
      "db:4:1: '$INCULDE' is no directive of a zone file; expected $ORIGIN, $TTL, $INCLUDE, $GENERATE, or a record",
    ],
    ['$GENERATE 5-1 a A 192.0.2.$', "db:4:11: '5-1' is no range; expected START-STOP[/STEP], such as 1-254"],
    [
      '$GENERATE 1-2 a${x} A 192.0.2.$',
      "db:4:15: '${x}' is no modifier; expected ${OFFSET[,WIDTH[,BASE]]}, BASE one of d, o, x",
    ],
    [
      '$GENERATE 250-260 a$ A 192.0.2.$',
      "db:4:1: '192.0.2.256' is no IPv4 address, in 'a256 A 192.0.2.256'; expected an IPv4 address",
    ],
    ['a TYPE65280 \\# 4 0A00', 'db:4:13: data that is not 4 octets in hexadecimal; expected 8 hexadecimal digits'],
  ])('%s', async (text, message) => {
    expect(await refusal(HEAD + text)).toBe(message);
  });

  it('without an SOA record', async () => {
    expect(await refusal('$TTL 1\na A 192.0.2.1')).toBe('db has no SOA record; expected one for example.test.');
  });

  it('with the SOA record of another zone, and says how to serve that one', async () => {
    expect(await refusal('$TTL 1\nother.test. SOA ns.other.test. h.other.test. 1 2 3 4 5')).toBe(
      "db has no SOA record for example.test., but one for other.test.; expected 'file db other.test.'",
    );
  });

  it('with a record before any owner or TTL', async () => {
    expect(await refusal(' A 192.0.2.1')).toBe(
      'db:1:1: a record without an owner, and none before it; expected a name at the start of the line',
    );
    expect(await refusal('a A 192.0.2.1')).toBe(
      'db:1:3: a record without a TTL, and none before it; expected $TTL 1h above it',
    );
  });

  it('and its control characters and length do not reach the log', async () => {
    const said = await refusal(`${HEAD}a A \u001b[31m${'x'.repeat(1000)}`);
    expect(said).toMatch(/^db:4:5: '\\027\[31mx+…' is no IPv4 address/);
    expect(said.length).toBeLessThan(320);
  });
});

describe('what does not fit is left out with a remark', () => {
  it('names outside of the zone, a second SOA, what stands beside a CNAME', async () => {
    const service = await folder.zone(
      `${HEAD}a.other.test. A 192.0.2.1\nsub SOA a b 1 2 3 4 5\nc CNAME a\nc CNAME b\nc A 192.0.2.1\n`,
    );
    expect(service.host.takeLines().map((line) => line.replaceAll(`${folder.path('')}/`, ''))).toEqual([
      '[WARNING] plugin/file: line 4 of db: a.other.test. is not in the zone example.test., and is left out',
      '[WARNING] plugin/file: line 5 of db: sub.example.test. has an SOA record that is not the first one of the apex, and is left out',
      '[WARNING] plugin/file: c.example.test. has more than one CNAME record; the first is followed',
      '[WARNING] plugin/file: c.example.test. has a CNAME record and others; only the CNAME record is served',
    ]);
    expect(textOf(ask(service.plugin, makeQuery('c.example.test.', 'CNAME')))).toMatchObject({
      answers: ['c.example.test. 300 IN CNAME a.example.test.', 'c.example.test. 300 IN CNAME b.example.test.'],
    });
  });

  it('a CNAME at the apex with its signature, so that SOA, NS and all that is beside it are answered', async () => {
    const service = await folder.zone(
      `${HEAD}@ CNAME www.elsewhere.test.\n@ RRSIG CNAME ${SIGNATURE}\n@ RRSIG SOA ${SIGNATURE}\n` +
        '@ TXT x\n@ DNSKEY 256 3 8 AAAA\n@ NSEC a NS SOA\na A 192.0.2.1\n',
    );
    expect(service.host.takeLines().map((line) => line.replaceAll(`${folder.path('')}/`, ''))).toEqual([
      '[WARNING] plugin/file: line 4 of db: example.test. has a CNAME record, which cannot stand at the apex of a zone, and is left out',
    ]);
    for (const type of ['SOA', 'NS', 'TXT', 'DNSKEY', 'NSEC']) {
      expect(typesOf(answersOf(service, type)), type).toEqual([type]);
    }
    for (const type of ['A', 'CNAME']) expect(answersOf(service, type), type).toEqual([]);
    const all = ['DNSKEY', 'NS', 'NSEC', 'RRSIG of SOA', 'TXT'];
    expect(typesOf(answersOf(service, 'ANY', SIGNED))).toEqual([...all, 'SOA'].toSorted());
    expect(typesOf(answersOf(service, 'RRSIG'))).toEqual(['RRSIG of SOA']);
    expect(typesOf(transferred(service).filter((line) => line.startsWith('example.')))).toEqual(all);
  });

  it('what stands beside a CNAME but NSEC, in whatever way it is asked for', async () => {
    const service = await folder.zone(
      `${HEAD}@ MX 10 c\n@ SRV 0 0 53 c\nc A 192.0.2.1\nc CNAME a\nc TXT x\nc NS a\nc NSEC d CNAME RRSIG NSEC\n` +
        `c RRSIG A ${SIGNATURE}\nc RRSIG CNAME ${SIGNATURE}\nc RRSIG NSEC ${SIGNATURE}\na A 192.0.2.9\n`,
    );
    expect(service.host.takeLines()).toEqual([
      '[WARNING] plugin/file: c.example.test. has a CNAME record and others; only the CNAME record is served',
    ]);
    const all = ['CNAME', 'NSEC', 'RRSIG of CNAME', 'RRSIG of NSEC'];
    expect(typesOf(answersOf(service, 'ANY', {}, 'c.'))).toEqual(['CNAME']);
    expect(typesOf(answersOf(service, 'ANY', SIGNED, 'c.'))).toEqual(all);
    expect(typesOf(answersOf(service, 'RRSIG', {}, 'c.'))).toEqual(all.slice(2));
    for (const type of ['A', 'TXT', 'NS']) {
      expect(answersOf(service, type, {}, 'c.')[0], type).toBe('c.example.test. 300 IN CNAME a.example.test.');
    }
    for (const type of ['MX', 'SRV']) {
      expect(textOf(ask(service.plugin, makeQuery('example.test.', type))), type).toMatchObject({ additional: [] });
    }
    const records = transferred(service);
    expect(typesOf(records.filter((line) => line.startsWith('c.')))).toEqual(all);
    expect(service.host.metrics.render()).toContain(
      `nodens_file_records{zone="example.test."} ${records.length + 1}\n`,
    );
  });

  it('of many remarks the first five are said, and the others counted', async () => {
    const service = await folder.zone(HEAD + 'other.test. A 192.0.2.1\n'.repeat(20));
    const lines = service.host.takeLines();
    expect(lines).toHaveLength(6);
    expect(lines[5]).toBe('[WARNING] plugin/file: 15 more such remarks');
  });
});

it('a backslash at the end of a line does not take the next line with it', async () => {
  for (const end of ['\n', '\r\n']) {
    // oxlint-disable-next-line no-await-in-loop -- one zone after the other
    expect(await refusal(`${HEAD}a TXT x\\${end}b A 192.0.2.1${end}`)).toMatch(
      /^db:4:7: the escape '\\' stands for no octet;/,
    );
  }
});

it('a record that is longer than a record can be is an error, and not one that nobody can be given', async () => {
  const strings = (count: number): string => `"${'x'.repeat(255)}" `.repeat(count);
  expect(await refusal(`${HEAD}a TXT ${strings(255)}`)).toBe('it was served');
  expect(await refusal(`${HEAD}a TXT ${strings(257)}`)).toBe(
    'db:4:7: strings of more than 65535 octets; expected at most 65535 octets, each string of 255 with its length',
  );
});

it('of several DNAME records of a name the first one is followed, and alone stands in the answer (RFC 6672 §2.4)', async () => {
  const service = await folder.zone(`${HEAD}d DNAME one.test.\nd DNAME two.test.\n`);
  expect(textOf(ask(service.plugin, makeQuery('a.d.example.test.', 'CNAME')))).toMatchObject({
    answers: ['d.example.test. 300 IN DNAME one.test.', 'a.d.example.test. 300 IN CNAME a.one.test.'],
  });
});

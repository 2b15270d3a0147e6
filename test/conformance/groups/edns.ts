/** EDNS(0): what comes back for the OPT record of a question (RFC 6891). */
import { type Group, answers, failed, nodata, nxdomain } from '../case.ts';
import { header, hex, message, opt, question, record, words } from '../octets.ts';
import { SHOP_MANIFESTS } from './shop.ts';

const COREFILE = `
cluster.local in-addr.arpa {
    kubernetes
}
`;

const WEB = answers('@ 5 IN A 10.96.0.10');
/** The same for requests that are given as octets. */
const WEB_RAW = answers('web.shop.svc.cluster.local. 5 IN A 10.96.0.10');
const A = 1;
const webQuestion = question('web.shop.svc.cluster.local', A);

const NSID = 3;
const CLIENT_SUBNET = 8;
const EXPIRE = 9;
const COOKIE = 10;
const TCP_KEEPALIVE = 11;
const PADDING = 12;

export const edns: Group = {
  name: 'edns',
  setup: { corefile: COREFILE, manifests: SHOP_MANIFESTS },
  rules: [
    {
      rule: "a reply has an OPT record if the question had one, with the client's own size and DO",
      e2e: true,
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: WEB, note: 'none' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 1232 }, reply: WEB, note: '1232' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 4096 }, reply: WEB, note: '4096' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 65535 }, reply: WEB, note: '65535' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 512 }, reply: WEB, note: '512' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 100 }, reply: WEB, note: '100' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 0 }, reply: WEB, note: '0' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 1232, dnssecOk: true }, reply: WEB, note: 'DO' },
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 1232 }, protocol: 'tcp', reply: WEB },
      ],
    },
    {
      rule: 'negative replies and failures have it too',
      cases: [
        { ask: 'web.shop.svc.cluster.local. AAAA', edns: { size: 1232, dnssecOk: true }, reply: nodata() },
        { ask: 'missing.shop.svc.cluster.local. A', edns: { size: 1232 }, reply: nxdomain() },
        { ask: 'www.example.org. A', edns: { size: 1232, dnssecOk: true }, reply: failed('REFUSED') },
        { ask: 'cluster.local. AXFR', edns: { size: 1232 }, reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'the reserved flags are cleared',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', edns: { size: 1232, z: 0x7fff }, reply: WEB, note: 'all' },
        {
          ask: 'web.shop.svc.cluster.local. A',
          edns: { size: 1232, z: 1, dnssecOk: true },
          reply: WEB,
          note: 'with DO',
        },
      ],
    },
    {
      rule: 'NSID, EXPIRE, COOKIE and padding come back as they are, TCP keepalive never over UDP (RFC 7828)',
      cases: [
        {
          ask: 'web.shop.svc.cluster.local. A',
          note: 'cookie',
          edns: { size: 1232, options: [[COOKIE, '0102030405060708']] },
          reply: { ...WEB, edns: { size: 1232, options: [[COOKIE, '0102030405060708']] } },
        },
        {
          ask: 'web.shop.svc.cluster.local. A',
          note: 'all of them',
          edns: {
            size: 1232,
            options: [
              [NSID, ''],
              [EXPIRE, ''],
              [TCP_KEEPALIVE, '0064'],
              [PADDING, '000000000000'],
            ],
          },
          reply: {
            ...WEB,
            edns: {
              size: 1232,
              options: [
                [NSID, ''],
                [EXPIRE, ''],
                [PADDING, '000000000000'],
              ],
            },
          },
        },
      ],
    },
    {
      rule: 'all other options vanish',
      cases: [
        {
          ask: 'web.shop.svc.cluster.local. A',
          note: 'client subnet',
          edns: { size: 1232, options: [[CLIENT_SUBNET, '00011800c00002']] },
          reply: { ...WEB, edns: { size: 1232 } },
        },
        {
          ask: 'web.shop.svc.cluster.local. A',
          note: 'an unknown one beside a known one',
          edns: {
            size: 1232,
            options: [
              [65001, 'deadbeef'],
              [COOKIE, '0102030405060708'],
            ],
          },
          reply: { ...WEB, edns: { size: 1232, options: [[COOKIE, '0102030405060708']] } },
        },
      ],
    },
    {
      rule: 'a version that is not 0 is BADVERS, before the name is looked at',
      cases: [
        {
          ask: 'web.shop.svc.cluster.local. A',
          edns: { size: 1232, version: 1 },
          reply: { ...failed('BADVERS'), edns: { size: 0 } },
          note: 'version 1',
        },
        {
          ask: 'web.shop.svc.cluster.local. A',
          edns: { size: 1232, version: 255 },
          reply: { ...failed('BADVERS'), edns: { size: 0 } },
          note: 'version 255',
        },
        {
          ask: 'www.example.org. A',
          edns: { size: 1232, version: 1 },
          reply: { ...failed('BADVERS'), edns: { size: 0 } },
          note: 'where no block would answer',
        },
      ],
    },
    {
      rule: 'the OPT record may stand beside another additional record, on either side',
      cases: [
        {
          note: 'before it',
          octets: message(header({ additionals: 2 }), webQuestion, opt(1232), record('x', A, hex('c0000201'))),
          reply: { ...WEB_RAW, edns: { size: 1232 } },
        },
        {
          note: 'after it',
          octets: message(header({ additionals: 2 }), webQuestion, record('x', A, hex('c0000201')), opt(1232)),
          reply: { ...WEB_RAW, edns: { size: 1232 } },
        },
      ],
    },
    {
      rule: 'a malformed OPT record, or more than one, is FORMERR',
      cases: [
        {
          note: 'two of them',
          octets: message(header({ additionals: 2 }), webQuestion, opt(1232), opt(4096)),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
        {
          note: 'an owner that is not the root',
          octets: message(header({ additionals: 1 }), webQuestion, opt(1232, 'example')),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
        {
          note: 'an option that is longer than the record',
          octets: message(
            header({ additionals: 1 }),
            webQuestion,
            hex('00'),
            words(41, 1232, 0, 0, 6),
            words(COOKIE, 8, 0x0102),
          ),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
        {
          note: 'half an option',
          octets: message(header({ additionals: 1 }), webQuestion, hex('00'), words(41, 1232, 0, 0, 2), words(COOKIE)),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
      ],
    },
    {
      rule: 'a request over UDP may be longer than 512 octets',
      cases: [
        {
          ask: 'web.shop.svc.cluster.local. A',
          note: '700 octets of padding',
          edns: { size: 4096, options: [[PADDING, '00'.repeat(700)]] },
          reply: { ...WEB, edns: { size: 4096, options: [[PADDING, '00'.repeat(700)]] } },
        },
        {
          ask: 'web.shop.svc.cluster.local. A',
          note: '3900 octets of an option that does not come back',
          edns: { size: 4096, options: [[65001, '00'.repeat(3900)]] },
          reply: { ...WEB, edns: { size: 4096 } },
        },
      ],
    },
  ],
};

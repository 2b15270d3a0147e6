/** What the header alone decides, and what becomes of messages that do not decode (RFC 1035 §4.1.1, §4.1.4). */
import { type Case, type Group, Flag, answers, failed, headerOnly, nxdomain } from '../case.ts';
import { header, hex, message, question, record, wireName, words } from '../octets.ts';
import { shop } from './shop.ts';

const A = 1;
const SOA = 6;
const IN = 1;
const NOTIFY = 4;

const WEB = answers('@ 5 IN A 10.96.0.10');
/** The same for requests that are given as octets. */
const WEB_RAW = answers('web.shop.svc.cluster.local. 5 IN A 10.96.0.10');
const webQuestion = question('web.shop.svc.cluster.local', A);
const someRecord = record('x', A, hex('c0000201'));

/** A name of exactly this many octets below the zone. */
function longName(octets: number): string {
  const rest = octets - 'cluster.local'.length - 2 - 3 * 64;
  return [...['a', 'b', 'c'].map((letter) => letter.repeat(63)), 'd'.repeat(rest - 1), 'cluster.local'].join('.');
}

const notImplemented = (opcode: number): Case => ({
  ask: 'web.shop.svc.cluster.local. A',
  note: `opcode ${opcode}`,
  opcode,
  reply: headerOnly('NOTIMP'),
});

/** A request whose question does not decode. */
const undecodable = (note: string, ...pieces: readonly Uint8Array[]): Case => ({
  note,
  octets: message(header(), ...pieces),
  reply: headerOnly('FORMERR'),
});

export const headers: Group = {
  name: 'header',
  setup: shop,
  rules: [
    {
      rule: 'a response is never answered',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', flags: Flag.QR | Flag.RD, reply: 'none' },
        { ask: 'web.shop.svc.cluster.local. A', flags: Flag.QR, opcode: 5, reply: 'none', note: 'of any opcode' },
        { note: 'nor one with an impossible header', octets: header({ flags: 0x8000, questions: 9 }), reply: 'none' },
      ],
    },
    {
      rule: 'fewer than twelve octets are not answered',
      cases: [
        { note: 'no octet', octets: hex(''), reply: 'none' },
        { note: 'one octet', octets: hex('4e'), reply: 'none' },
        { note: 'eleven octets', octets: header().subarray(0, 11), reply: 'none' },
      ],
    },
    {
      rule: 'opcodes other than QUERY and NOTIFY are not implemented: the header alone comes back',
      e2e: true,
      cases: [
        notImplemented(1),
        notImplemented(2),
        notImplemented(3),
        notImplemented(5),
        notImplemented(6),
        notImplemented(15),
        {
          ask: 'web.shop.svc.cluster.local. A',
          opcode: 5,
          flags: 0,
          note: 'RD clear',
          reply: headerOnly('NOTIMP'),
        },
        {
          note: 'the opcode comes before the counts',
          octets: header({ flags: 5 << 11, questions: 0, answers: 7 }),
          reply: headerOnly('NOTIMP'),
        },
      ],
    },
    {
      rule: 'NOTIFY is answered as a query is, with its own opcode',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', opcode: NOTIFY, reply: WEB },
        { ask: 'missing.shop.svc.cluster.local. A', opcode: NOTIFY, reply: nxdomain() },
        {
          note: 'with a record in the answer section',
          octets: message(
            header({ flags: NOTIFY << 11, answers: 1 }),
            webQuestion,
            record('cluster.local', SOA, message(wireName('a'), wireName('b'), words(0, 1, 0, 2, 0, 3, 0, 4, 0, 5))),
          ),
          reply: WEB_RAW,
        },
      ],
    },
    {
      rule: 'counts that no query has are FORMERR, the header alone',
      cases: [
        { note: 'no question', octets: header({ questions: 0 }), reply: headerOnly('FORMERR') },
        {
          note: 'two questions',
          octets: message(header({ questions: 2 }), webQuestion, webQuestion),
          reply: headerOnly('FORMERR'),
        },
        {
          note: 'two answers',
          octets: message(header({ answers: 2 }), webQuestion, someRecord, someRecord),
          reply: headerOnly('FORMERR'),
        },
        {
          note: 'two authorities',
          octets: message(header({ authorities: 2 }), webQuestion, someRecord, someRecord),
          reply: headerOnly('FORMERR'),
        },
        {
          note: 'three additionals',
          octets: message(header({ additionals: 3 }), webQuestion, someRecord, someRecord, someRecord),
          reply: headerOnly('FORMERR'),
        },
        {
          note: 'RD is copied all the same',
          octets: header({ flags: 0, questions: 65535 }),
          reply: headerOnly('FORMERR'),
        },
      ],
    },
    {
      rule: 'one answer, one authority and two additionals are let through',
      cases: [
        {
          note: 'one answer',
          octets: message(header({ answers: 1 }), webQuestion, someRecord),
          reply: WEB_RAW,
        },
        {
          note: 'one authority',
          octets: message(header({ authorities: 1 }), webQuestion, someRecord),
          reply: WEB_RAW,
        },
        {
          note: 'two additionals',
          octets: message(header({ additionals: 2 }), webQuestion, someRecord, someRecord),
          reply: WEB_RAW,
        },
      ],
    },
    {
      rule: 'announced records that are missing count as absent; octets after the last one are ignored',
      cases: [
        { note: 'an answer', octets: message(header({ answers: 1 }), webQuestion), reply: WEB_RAW },
        { note: 'additionals', octets: message(header({ additionals: 2 }), webQuestion, someRecord), reply: WEB_RAW },
        { note: 'octets after it', octets: message(header(), webQuestion, hex('deadbeef00')), reply: WEB_RAW },
      ],
    },
    {
      rule: 'a header that announces a question and has none is SERVFAIL, the header alone',
      cases: [{ note: 'twelve octets', octets: header(), reply: headerOnly('SERVFAIL') }],
    },
    {
      rule: 'a question that does not decode is FORMERR, the header alone',
      cases: [
        undecodable('cut within a label', hex('03 7765')),
        undecodable('cut before the root label', hex('03 776562')),
        undecodable('cut before the type', wireName('web')),
        undecodable('cut before the class', wireName('web'), words(A)),
        undecodable('cut within the class', wireName('web'), words(A), hex('00')),
        undecodable('a label of type 01', hex('41 00'), words(A, IN)),
        undecodable('a label of type 10', hex('80 00'), words(A, IN)),
        undecodable('a label of 64 octets', hex('40'), Buffer.alloc(64, 'a'), hex('00'), words(A, IN)),
        undecodable('a pointer to itself', hex('c00c'), words(A, IN)),
        undecodable('a pointer forward', hex('c010'), words(A, IN), wireName('web')),
        undecodable('a pointer out of the message', hex('ffff'), words(A, IN)),
        undecodable('a pointer that leads round', hex('03 776562 c00c'), words(A, IN)),
        undecodable('half a pointer', hex('c0')),
        undecodable('a name of 256 octets', question(longName(256), A)),
      ],
    },
    {
      rule: 'a name of 255 octets is a name',
      cases: [{ ask: `${longName(255)}. A`, reply: nxdomain() }],
    },
    {
      rule: 'a record that does not decode is FORMERR, with the question',
      cases: [
        {
          note: 'an owner that leads round',
          octets: message(header({ additionals: 1 }), webQuestion, hex('c02c'), words(A, IN, 0, 0, 0)),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
        {
          note: 'cut within its head',
          octets: message(header({ additionals: 1 }), webQuestion, wireName('x'), words(A, IN, 0)),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
        {
          note: 'data longer than the message',
          octets: message(header({ additionals: 1 }), webQuestion, record('x', A, hex('c0000201'), 400)),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
        {
          note: 'an answer',
          octets: message(header({ answers: 1 }), webQuestion, hex('ff')),
          reply: { ...failed('FORMERR'), edns: 'any' },
        },
      ],
    },
    {
      rule: 'RD and CD are copied; AA, TC, RA, Z, AD and the response code of a question mean nothing',
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', flags: 0, reply: WEB, note: 'no flag' },
        { ask: 'web.shop.svc.cluster.local. A', flags: Flag.CD, reply: WEB, note: 'CD' },
        { ask: 'web.shop.svc.cluster.local. A', flags: Flag.RD | Flag.CD, reply: WEB, note: 'RD and CD' },
        { ask: 'web.shop.svc.cluster.local. A', flags: Flag.RD | Flag.AD, reply: WEB, note: 'AD' },
        { ask: 'web.shop.svc.cluster.local. A', flags: Flag.RD | Flag.Z, reply: WEB, note: 'Z' },
        {
          ask: 'web.shop.svc.cluster.local. A',
          flags: Flag.AA | Flag.TC | Flag.RD | Flag.RA | Flag.AD | 0xf,
          reply: WEB,
          note: 'all the others',
        },
        {
          ask: 'missing.shop.svc.cluster.local. A',
          flags: Flag.CD,
          reply: nxdomain(),
          note: 'CD',
        },
        {
          ask: 'www.example.org. A',
          flags: Flag.AA | Flag.TC | Flag.RA | Flag.CD,
          reply: failed('SERVFAIL'),
          note: 'a failure',
        },
      ],
    },
  ],
};

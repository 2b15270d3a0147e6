/**
 * Says whether a reply is what a case expects: both as one text, so that a test runner can show their difference, and
 * the rules that hold for every reply, whatever the case.
 */
import type { Case, ExpectedEdns, ExpectedReply } from './case.ts';
import { Flag } from './case.ts';
import {
  type ReadEdns,
  type ReadReply,
  type SerialCheck,
  readOptions,
  readWithDns2,
  readWithDnsPacket,
} from './reply.ts';
import { askedName, questionOctets } from './request.ts';

interface Sections {
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** An expected reply with all its sections, names written out. */
type FullReply = Omit<ExpectedReply, keyof Sections> & Sections;

/** Expected and actual reply as text; equal texts mean that the case holds. */
export interface Comparison {
  readonly expected: string;
  readonly actual: string;
}

const HEADER_OCTETS = 12;
const FLAGS_OFFSET = 2;
const QUESTION_COUNT_OFFSET = 4;
/** RFC 1035 §2.3.4 */
const PLAIN_UDP_OCTETS = 512;
/** The largest UDP reply that is sent whatever the client offers. */
const LARGEST_UDP_OCTETS = 4096;

const flagNames = [
  ['qr', Flag.QR],
  ['aa', Flag.AA],
  ['tc', Flag.TC],
  ['rd', Flag.RD],
  ['ra', Flag.RA],
  ['z', Flag.Z],
  ['ad', Flag.AD],
  ['cd', Flag.CD],
] as const;

/** Compares what the server sent; `undefined` stands for no reply. Throws where a decoder fails on it. */
export function compare(
  testCase: Case,
  request: Buffer,
  received: Uint8Array | undefined,
  isSerial: SerialCheck,
): Comparison {
  if (testCase.reply === 'none' || received === undefined) {
    return {
      expected: testCase.reply === 'none' ? 'no reply' : 'a reply',
      actual: received === undefined ? 'no reply' : 'a reply',
    };
  }
  const reply = Buffer.from(received);
  const read = readWithDnsPacket(reply, isSerial);
  const expected = withQuestionName(testCase.reply, testCase);
  const limit = lengthLimit(testCase);
  return {
    expected: [expectedText(expected, testCase, request, read), 'dns2 agrees', `at most ${limit} octets`].join('\n'),
    actual: [
      actualText(expected, request, reply, read),
      agreement(read, readWithDns2(reply, isSerial)),
      reply.length <= limit ? `at most ${limit} octets` : `${reply.length} octets`,
    ].join('\n'),
  };
}

function lengthLimit(testCase: Case): number {
  if (testCase.protocol === 'tcp') return 0xffff;
  if ('octets' in testCase) return LARGEST_UDP_OCTETS;
  return Math.min(LARGEST_UDP_OCTETS, Math.max(PLAIN_UDP_OCTETS, testCase.edns?.size ?? 0));
}

function agreement(one: ReadReply, other: ReadReply): string {
  const [ours, theirs] = [JSON.stringify(one, undefined, 1), JSON.stringify(other, undefined, 1)];
  return ours === theirs ? 'dns2 agrees' : `dns2 reads it as ${theirs}`;
}

/** `@` of the records written out. */
function withQuestionName(expected: ExpectedReply, testCase: Case): FullReply {
  const name = 'ask' in testCase ? askedName(testCase.ask) : '@';
  const full = (lines: readonly string[] = []): readonly string[] =>
    lines.map((line) => line.replaceAll(/(^| )(_tcp\.|_udp\.)?@(?= |$)/g, `$1$2${name}`));
  return {
    ...expected,
    answer: full(expected.answer),
    authority: full(expected.authority),
    additional: full(expected.additional),
  };
}

function expectedText(expected: FullReply, testCase: Case, request: Buffer, read: ReadReply): string {
  const asked = request.readUInt16BE(FLAGS_OFFSET);
  const flags =
    (expected.aa ? Flag.AA : 0) |
    (expected.tc === true || expected.cut === true ? Flag.TC : 0) |
    // RD and CD are copied; a reply that is nothing but a header copies RD.
    (asked & (expected.question === 'absent' ? Flag.RD : Flag.RD | Flag.CD));
  const sections = expected.cut === true ? cutLike(expected, read) : expected;
  return render({
    rcode: expected.rcode,
    opcode: expected.question === 'absent' && expected.rcode === 'FORMERR' ? 0 : (asked >> 11) & 0xf,
    flags: flags | Flag.QR,
    id: request.readUInt16BE(0),
    question: expected.question === 'absent' ? 'absent' : 'echoed',
    edns: expectedEdns(expected, testCase),
    ordered: expected.ordered === true || expected.cut === true,
    checks: [
      ...(expected.octets === undefined ? [] : [`${expected.octets} octets`]),
      ...(expected.spelledOut === undefined ? [] : [`${expected.spelledOut} spelled out`]),
    ],
    answer: sections.answer,
    authority: sections.authority,
    additional: sections.additional,
  });
}

function actualText(expected: FullReply, request: Buffer, reply: Buffer, read: ReadReply): string {
  const flags = reply.readUInt16BE(FLAGS_OFFSET);
  return render({
    rcode: read.rcode,
    opcode: (flags >> 11) & 0xf,
    flags: flags & 0x87f0,
    id: reply.readUInt16BE(0),
    question: questionState(request, reply),
    edns: expected.edns === 'any' ? 'any' : actualEdns(read.edns, reply),
    ordered: expected.ordered === true || expected.cut === true,
    checks: [
      ...(expected.octets === undefined ? [] : [`${reply.length} octets`]),
      ...(expected.spelledOut === undefined ? [] : [spelling(reply, expected.spelledOut)]),
    ],
    answer: read.answer,
    authority: read.authority,
    additional: read.additional,
  });
}

interface ReplyText extends Sections {
  readonly rcode: string;
  readonly opcode: number;
  readonly flags: number;
  readonly id: number;
  readonly question: string;
  readonly edns: string;
  readonly ordered: boolean;
  readonly checks: readonly string[];
}

function render(reply: ReplyText): string {
  const flags = flagNames.filter(([, bit]) => (reply.flags & bit) !== 0).map(([name]) => name);
  const section = (title: string, lines: readonly string[]): readonly string[] => [
    `;; ${title}`,
    ...(reply.ordered ? lines : lines.toSorted()),
  ];
  return [
    `;; ${reply.rcode}, opcode ${reply.opcode}, id ${reply.id}, flags ${[...flags].join(' ')}`,
    `;; question ${reply.question}; OPT ${reply.edns}`,
    ...section('ANSWER', reply.answer),
    ...section('AUTHORITY', reply.authority),
    ...section('ADDITIONAL', reply.additional),
    ...reply.checks,
  ].join('\n');
}

function questionState(request: Buffer, reply: Buffer): string {
  const count = reply.readUInt16BE(QUESTION_COUNT_OFFSET);
  if (count === 0) return 'absent';
  const asked = questionOctets(request);
  const echoed = reply.subarray(HEADER_OCTETS, HEADER_OCTETS + asked.length);
  return count === 1 && echoed.equals(asked) ? 'echoed' : `differs (${count})`;
}

function expectedEdns(expected: FullReply, testCase: Case): string {
  if (expected.edns === 'any') return 'any';
  if (expected.edns !== undefined) return ednsText(expected.edns);
  const asked = 'ask' in testCase ? testCase.edns : undefined;
  if (asked === undefined) return 'absent';
  return ednsText({ size: asked.size, ...(asked.dnssecOk === true ? { dnssecOk: true } : {}) });
}

function ednsText(edns: ExpectedEdns): string {
  const options = (edns.options ?? []).map(([code, data]) => `${code}:${data}`).toSorted();
  return [`size ${edns.size}`, 'version 0', edns.dnssecOk === true ? 'do' : 'no do', ...options].join(', ');
}

function actualEdns(edns: ReadEdns | undefined, reply: Buffer): string {
  if (edns === undefined) return 'absent';
  const options = readOptions(reply)
    .map(([code, data]) => `${code}:${data}`)
    .toSorted();
  const z = edns.z === 0 ? [] : [`z ${edns.z}`];
  const flags = [edns.dnssecOk ? 'do' : 'no do', ...z];
  return [`size ${edns.size}`, `version ${edns.version}`, ...flags, ...options].join(', ');
}

function spelling(reply: Buffer, name: string): string {
  const labels = name.split('.').filter((label) => label !== '');
  const wire = labels.map((label) => String.fromCharCode(label.length) + label).join('') + '\0';
  return reply.includes(wire, HEADER_OCTETS, 'latin1') ? `${name} spelled out` : `${name} not spelled out`;
}

/** The first records of the expected list, as many as came; at least one must have been left out. */
function cutLike(expected: Sections, read: ReadReply): Sections {
  const came = read.answer.length + read.authority.length + read.additional.length;
  const { answer, authority, additional } = expected;
  const kept = Math.min(came, answer.length + authority.length + additional.length - 1);
  const take = (lines: readonly string[], before: number): readonly string[] =>
    lines.slice(0, Math.max(0, kept - before));
  return {
    answer: take(answer, 0),
    authority: take(authority, answer.length),
    additional: take(additional, answer.length + authority.length),
  };
}

/** A case's question as the octets of a request, built with dns-packet. */
import dnsPacket, { type OptRecord } from 'dns-packet';
import type { AskCase, AskedEdns, Case } from './case.ts';
import { Flag } from './case.ts';
import { REQUEST_ID } from './octets.ts';

const HEADER_OCTETS = 12;

/** Numbers of types and classes that dns-packet does not know by name. */
const types: ReadonlyMap<string, number> = new Map([
  ['SVCB', 64],
  ['HTTPS', 65],
]);
const classes: ReadonlyMap<string, number> = new Map([
  ['IN', 1],
  ['CH', 3],
  ['HS', 4],
  ['NONE', 254],
  ['ANY', 255],
]);

export function requestOf(testCase: Case): Buffer {
  return 'octets' in testCase ? Buffer.from(testCase.octets) : encode(testCase);
}

/** The name of the question, final dot included. */
export function askedName(ask: string): string {
  const name = ask.split(' ')[0] ?? '';
  return name.endsWith('.') ? name : `${name}.`;
}

/** The octets of the question section: one name without pointers, type and class. */
export function questionOctets(request: Buffer): Buffer {
  let at = HEADER_OCTETS;
  for (let length = request[at] ?? 0; length !== 0; length = request[at] ?? 0) at += length + 1;
  return request.subarray(HEADER_OCTETS, at + 5);
}

function encode(testCase: AskCase): Buffer {
  const [, type = '', className = 'IN'] = testCase.ask.split(' ');
  const known = types.get(type);
  const flags = testCase.flags ?? Flag.RD;
  const request = dnsPacket.encode({
    id: REQUEST_ID,
    type: (flags & Flag.QR) === 0 ? 'query' : 'response',
    flags: flags | ((testCase.opcode ?? 0) << 11),
    questions: [
      {
        name: askedName(testCase.ask),
        type: known === undefined ? type.replace(/^TYPE/, 'UNKNOWN_') : `UNKNOWN_${known}`,
      },
    ],
    additionals: testCase.edns === undefined ? [] : [optRecord(testCase.edns)],
  });
  // dns-packet knows too few classes to be asked for them, and writes 4096 for a payload size of 0.
  request.writeUInt16BE(
    classes.get(className) ?? Number(className),
    HEADER_OCTETS + questionOctets(request).length - 2,
  );
  if (testCase.edns?.size === 0) request.writeUInt16BE(0, HEADER_OCTETS + questionOctets(request).length + 3);
  return request;
}

function optRecord(edns: AskedEdns): OptRecord {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: edns.size,
    extendedRcode: 0,
    ednsVersion: edns.version ?? 0,
    flags: (edns.dnssecOk === true ? 0x8000 : 0) | (edns.z ?? 0),
    options: (edns.options ?? []).map(([code, data]) => ({ code, data: Buffer.from(data, 'hex') })),
  };
}

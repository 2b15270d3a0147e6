/**
 * What is said about upstreams that gave no answer: to clients in an Extended DNS Error, and to people in the log.
 *
 *     client   no upstream answered in time: 192.0.2.1:53 timeout, 192.0.2.2:53 connection refused
 *     log      read udp 192.0.2.1:53: i/o timeout, read udp 192.0.2.2:53: connection refused
 *
 * The log's words are those that people look for in CoreDNS's.
 */
import { OptionCode, Rcode, rcodeName } from '../../dns/constants.ts';
import type { Edns } from '../../dns/edns.ts';
import { uint16At } from '../../dns/octets.ts';
import { type Failure, failure } from '../answer.ts';
import type { UpstreamProblem, UpstreamProtocol } from '../network.ts';
import { type Explanation, type ReasonName, explain, explainAs } from '../reasons.ts';

/** Characters of an upstream's own words that are passed on. */
const MAX_TEXT = 200;
/** Upstreams that are named one by one. */
const MAX_NAMED = 5;

/** What an upstream did. */
export interface Doing {
  /** `192.0.2.1:53` */
  readonly upstream: string;
  readonly protocol: UpstreamProtocol;
  readonly problem: UpstreamProblem;
}

/** Silence, as a problem. */
export const SILENT: UpstreamProblem = { kind: 'timeout', text: 'timeout' };

/** A failure that the upstreams brought about. */
export function upstreamFailure(doings: readonly Doing[]): Failure {
  const detail = listed(doings, ({ upstream, problem }) => `${upstream} ${plainText(problem.text)}`);
  const error = listed(doings, logText);
  const explanation = explain(reasonOf(doings), detail === '' ? undefined : detail);
  return { ...failure(Rcode.SERVFAIL, explanation, error === '' ? 'no healthy proxies' : error), fromUpstream: true };
}

function logText({ upstream, protocol, problem }: Doing): string {
  const network = protocol === 'udp' ? 'udp' : 'tcp';
  const text = problem.kind === 'timeout' ? 'i/o timeout' : plainText(problem.text);
  return `read ${network} ${upstream}: ${text}`;
}

function reasonOf(doings: readonly Doing[]): ReasonName {
  if (doings.length === 0 || doings.some(({ problem }) => problem.kind === 'timeout')) return 'upstreamsSilent';
  return doings.every(({ problem }) => problem.kind === 'invalid') ? 'upstreamInvalid' : 'upstreamsUnreachable';
}

function listed(doings: readonly Doing[], text: (doing: Doing) => string): string {
  const named = doings.slice(0, MAX_NAMED).map(text);
  if (doings.length > MAX_NAMED) named.push(`and ${doings.length - MAX_NAMED} more`);
  return named.join(', ');
}

/** What the upstream says about its own answer, or that it failed; undefined where there is nothing to say. */
export function explanationOf(upstream: string, rcode: number, edns: Edns | undefined): Explanation | undefined {
  const option = edns?.options.find(({ code, data }) => code === OptionCode.EDE && data.length >= 2);
  if (option !== undefined) {
    const text = plainText(Buffer.from(option.data.subarray(2)).toString('utf8'));
    return explainAs('upstreamExplained', { code: uint16At(option.data, 0), text });
  }
  if (rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN) return undefined;
  return explain('upstreamFailed', `${upstream} answered ${rcodeName(rcode)}`);
}

/** One line of bounded length that no terminal obeys. */
function plainText(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029\uFFFD]/gu, '');
  return plain.length > MAX_TEXT ? Array.from(plain).slice(0, MAX_TEXT).join('') : plain;
}

/**
 * What an HTTP request asks for, before its body (RFC 8484 §4.1): the query itself where it stands in the target of a GET, that
 * it follows in the body of a POST, or the status that it earns.
 *
 * Lengths are looked at before anything is decoded.
 */
import type { Bounds } from '../bounds.ts';
import { Flag } from '../dns/constants.ts';
import { readHeader, readMessage } from '../dns/message.ts';
import { FRAME_MESSAGE } from './frames.ts';

export const DNS_MESSAGE = 'application/dns-message';
const PATH = '/dns-query';

/** A refusal; `allow` goes with 405 (RFC 9110 §15.5.6). */
export interface HttpRefusal {
  readonly kind: 'refused';
  readonly status: number;
  readonly text: string;
  readonly allow?: string;
}

export type HttpHead =
  HttpRefusal | { readonly kind: 'query'; readonly octets: Uint8Array } | { readonly kind: 'body' };

/** Of a request, what stands in its header. */
export interface HttpHeader {
  readonly method: string;
  /** The path, with what stands behind the question mark; `http://HOST` may stand before it (RFC 9112 §3.2.2). */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
  /** Octets of all names and values, where nobody has seen to it that they are within bounds. */
  readonly octets: number;
}

const refusal = (status: number, text: string): HttpRefusal => ({ kind: 'refused', status, text });

export const TOO_LARGE = refusal(413, 'a DNS message has at most 65535 octets');
export const NOT_A_QUERY = refusal(400, 'this is not a DNS query');
export const TOO_SLOW = refusal(408, 'the body of the request did not arrive in time');
export const SILENCE = refusal(500, 'there is no answer to this query');
export const TOO_MANY = refusal(503, 'too many requests of this connection wait');

const HEADER_TOO_LONG = refusal(431, 'the header of the request is too long');
const TARGET_TOO_LONG = refusal(414, 'the target of the request is too long');
const NOT_FOUND = refusal(404, `DNS queries are answered at ${PATH}`);
const NOT_ALLOWED: HttpRefusal = { ...refusal(405, 'GET and POST only'), allow: 'GET, POST' };
const NOT_DNS = refusal(415, `the body of a query is ${DNS_MESSAGE}`);
const NO_QUERY = refusal(400, "a GET has one query, 'dns=' and base64url without padding");
const BODY: HttpHead = { kind: 'body' };

export function readHead(header: HttpHeader, limits: Bounds): HttpHead {
  const { method, target, contentType, contentLength, octets } = header;
  if (octets > limits.dohHeader) return HEADER_TOO_LONG;
  if (target.length > limits.dohTarget) return TARGET_TOO_LONG;
  const [path = '', ...rest] = target.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  if (path !== PATH) return NOT_FOUND;
  switch (method) {
    case 'GET':
      return readGet(rest.join('?'));
    case 'POST':
      if (contentType?.split(';', 1)[0]?.trim().toLowerCase() !== DNS_MESSAGE) return NOT_DNS;
      return Number(contentLength ?? 0) > FRAME_MESSAGE ? TOO_LARGE : BODY;
    default:
      return NOT_ALLOWED;
  }
}

/** RFC 8484 §6: base64url without padding, which is one of the few encodings that nothing else decodes to. */
function readGet(query: string): HttpHead {
  const values = query.split('&').filter((one) => one.startsWith('dns='));
  const [text = ''] = values.map((one) => one.slice('dns='.length));
  if (values.length !== 1 || !/^[\w-]+$/.test(text) || text.length % 4 === 1) return NO_QUERY;
  return { kind: 'query', octets: Buffer.from(text, 'base64url') };
}

/** Whether octets are a query that can be read: HTTP has a status for what is not, before anybody is asked. */
export function isQuery(octets: Uint8Array): boolean {
  const header = readHeader(octets);
  if (header === undefined || (header.flags & Flag.QR) !== 0) return false;
  const read = readMessage(octets, header);
  return read.kind === 'message' && read.message.question !== undefined;
}

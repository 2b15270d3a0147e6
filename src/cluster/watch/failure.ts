/**
 * Why a list or a watch broke off, in words for one log line, and what follows from it.
 */
import type { Readable } from 'node:stream';
import { isRecord } from '../reduce/reading.ts';
import { ApiError, type ApiResponse } from './api/api.ts';

/** What broke off, and why; the message is a sentence without its end. */
export class WatchFailure extends Error {
  override readonly name: string = 'WatchFailure';
  /** Milliseconds that the server asks to be left alone; undefined where it does not. */
  readonly retryAfter: number | undefined = undefined;
}

/** What came is no JSON, or not what the API sends. */
export class Unreadable extends WatchFailure {
  override readonly name = 'Unreadable';
}

/** The server no longer has the history since the resource version that was asked for (410, `Expired` or `Gone`). */
export class Gone extends WatchFailure {
  override readonly name = 'Gone';
}

/** The server does not take the parameters of a streaming list. */
export class NoStreaming extends WatchFailure {
  override readonly name = 'NoStreaming';
}

/** The server answers with a failure of its own. */
export class StatusFailure extends WatchFailure {
  override readonly name: string = 'StatusFailure';
  readonly code: number;
  override readonly retryAfter: number | undefined;

  constructor(code: number, message: string, retryAfter: number | undefined) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** The server does not have the resource at all, or not in this version (404). */
export class NotServed extends StatusFailure {
  override readonly name: string = 'NotServed';
}

/** Octets of a Status that are read. */
const STATUS_SIZE = 65_536;
/** Characters of a server's message that are shown. */
const MESSAGE_LENGTH = 300;

const GONE = 410;
const NOT_FOUND = 404;
/** What servers say who do not know streaming lists, or do not allow them. */
const NOT_STREAMING: ReadonlySet<number> = new Set([400, 422]);

/**
 * The failure that a response with another status than 200 stands for. Reads its body.
 * @param time milliseconds for that; the status says enough where it does not come
 */
export async function failureOf(response: ApiResponse, streaming: boolean, time: number): Promise<WatchFailure> {
  const { status, retryAfter } = response;
  const message = messageIn(await beginningOf(response.body, time));
  if (status === GONE) return new Gone('the API server no longer has the history since the last event');
  if (streaming && NOT_STREAMING.has(status)) return new NoStreaming(message);
  const Failure = status === NOT_FOUND ? NotServed : StatusFailure;
  return new Failure(status, wordsFor(status, message), retryAfter);
}

/**
 * The failure that an event of type ERROR stands for: its object is a Status.
 * @param longest milliseconds that it may ask to be left alone
 */
export function failureInStream(status: unknown, longest: number): WatchFailure {
  const code = isRecord(status) && typeof status['code'] === 'number' ? status['code'] : 0;
  if (code === GONE) return new Gone('the API server no longer has the history since the last event');
  const seconds =
    isRecord(status) && isRecord(status['details']) ? Number(status['details']['retryAfterSeconds']) : Number.NaN;
  const retryAfter = seconds > 0 ? Math.min(seconds * 1000, longest) : undefined;
  return new StatusFailure(code, wordsFor(code, messageOfStatus(status)), retryAfter);
}

/** The words for whatever was thrown. */
export function causeOf(error: unknown): string {
  if (error instanceof WatchFailure || error instanceof ApiError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE') {
    return 'the connection to the API server broke';
  }
  return error instanceof Error ? error.message : String(error);
}

function wordsFor(code: number, message: string): string {
  const said = message === '' ? '' : `: ${message}`;
  switch (code) {
    case 401:
      return `the API server does not know who we are (401)${said}`;
    case 403:
      return `the API server forbids it (403)${said}; the ClusterRole of the ServiceAccount must allow list and watch`;
    case 429:
      return `the API server has too much to do (429)${said}`;
    default:
      return `the API server answers with ${code}${said}`;
  }
}

async function beginningOf(body: Readable, time: number): Promise<string> {
  const timer = setTimeout(() => body.destroy(), time);
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Buffer)) break;
      parts.push(chunk);
      length += chunk.length;
      if (length >= STATUS_SIZE) break;
    }
  } catch {
    // The status is what matters; what it would have said besides is lost.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(parts).toString();
}

function messageIn(body: string): string {
  try {
    return messageOfStatus(JSON.parse(body));
  } catch {
    return clean(body);
  }
}

function messageOfStatus(status: unknown): string {
  return isRecord(status) && typeof status['message'] === 'string' ? clean(status['message']) : '';
}

/** One line of bounded length, whatever the server sends. */
function clean(text: string): string {
  const line = text.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH)}…` : line;
}

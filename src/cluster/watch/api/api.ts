/**
 * api/: requests to an API server, and nothing of what they bring: where it is, who we say that we are, how often it may be
 * asked, and what the network does to us.
 *
 *     ApiSource ─ connect.ts ─► Api ── get(path) ──► rate limit ─► credentials ─► HTTP over TLS ─► ApiResponse { status, body }
 *
 * This file: what the reflectors see of it.
 */
import type { Readable } from 'node:stream';

/** Where an API server is and who asks it. Plain values: equal ones are the same source. */
export type ApiSource =
  /** The service account of the pod that this program runs in. */
  | { readonly kind: 'in-cluster' }
  /** A URL, with a client certificate or without. */
  | {
      readonly kind: 'endpoint';
      readonly url: string;
      /** Paths of PEM files. */
      readonly tls: { readonly certificate: string; readonly key: string; readonly ca: string } | undefined;
    }
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context: string | undefined };

/** How an API server is spared. */
export interface ApiLimits {
  /** Requests per second, refilled evenly; undefined or 0 for 5, as the Kubernetes client for Go has it. */
  readonly qps: number | undefined;
  /** Requests that may follow each other at once; undefined or 0 for 10. */
  readonly burst: number | undefined;
  /**
   * Requests at once; undefined or 0 for any number. A list counts until it has been read, a watch until its response begins:
   * watches last, and would otherwise leave no room for anything else.
   */
  readonly maxInflight: number | undefined;
}

/** What is counted of requests: the metrics of the Kubernetes client in CoreDNS have these subjects. */
export interface ApiEvents {
  /** A response began, or none came: `code` is its status, or `<error>`. `seconds` from the request to that moment. */
  requested(request: { readonly method: string; readonly host: string; readonly code: string }, seconds: number): void;
  /** How long a request waited for the rate limit, in seconds. */
  waited(request: { readonly method: string; readonly host: string }, seconds: number): void;
}

export interface ApiRequest {
  /** Absolute, without parameters: `/api/v1/services`. */
  readonly path: string;
  /** Encoded by whoever sends it. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly kind: 'list' | 'watch';
  /** Ends the request, and the body if it has begun. */
  readonly signal: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /** Milliseconds for which the server asks to be left alone (`Retry-After`, seconds or a date); undefined where it does not. */
  readonly retryAfter: number | undefined;
  /**
   * The body, not yet flowing. It ends with `end`, or with `error` where the connection broke before the last chunk. Whoever
   * got it destroys it or reads it to its end.
   */
  readonly body: Readable;
}

/** Why no response came, in words for a log line; `cause` has the system's error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
}

/** An API server that can be asked. */
export interface Api {
  /** For log lines and metrics: `10.96.0.1:443`. */
  readonly host: string;
  /**
   * Resolves when the response has begun, whatever its status. Waits for the rate limit first.
   * @throws ApiError where there is none within the time that the table of bounds gives; the signal's reason where that ended it
   */
  get(request: ApiRequest): Promise<ApiResponse>;
  /** Ends all connections. */
  close(): void;
}

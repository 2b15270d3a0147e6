/** What the watch tells of itself: for log lines and metrics, which this room does not know. */
import type { Resource } from '../cluster.ts';
import type { ApiEvents } from './api/api.ts';

/** Why a resource was listed anew. */
export type RelistCause =
  /** For the first time. */
  | 'start'
  /** The API server no longer has the history since the last event (410). */
  | 'gone'
  /** The last list broke off. */
  | 'broken'
  /** Events could not be understood time and again. */
  | 'unreadable'
  /** The state was that of another cluster. */
  | 'other-cluster';

/** Kinds of Services in `coredns_kubernetes_dns_programming_duration_seconds`. */
export type ProgrammedKind = 'cluster_ip' | 'headless_with_selector';

export interface WatchEvents extends ApiEvents {
  /** A list was begun. */
  listed(resource: Resource, cause: RelistCause): void;
  /** A change of endpoints is answered for, so many seconds after what triggered it. */
  programmed(kind: ProgrammedKind, seconds: number): void;
  /** A line for the log. */
  log(severity: 'info' | 'warning' | 'error', line: string): void;
}

/** For those who do not want to know. */
export const NO_EVENTS: WatchEvents = {
  requested: () => undefined,
  waited: () => undefined,
  listed: () => undefined,
  programmed: () => undefined,
  log: () => undefined,
};

/**
 * What is counted of the watch on API servers: requests as the Kubernetes client in CoreDNS counts them, how late changes of
 * endpoints arrive, and how the state of each cluster stands.
 */
import type { WatchStatus } from '../cluster/watch/watch.ts';
import type { WatchEvents } from '../cluster/watch/events.ts';
import type { LogWriter } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Seconds: 0.001 · 2ⁿ, as Kubernetes' own objective for this latency has them. */
const PROGRAMMING_BUCKETS = Array.from({ length: 20 }, (_, n) => 0.001 * 2 ** n);
/** Seconds: the buckets of Prometheus' clients. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts what stores tell, and puts their lines into the log. */
export function countWatches(metrics: Metrics, log: LogWriter): WatchEvents {
  const logger = log.logger('plugin/kubernetes: ');
  const duration = metrics.histogram(
    'coredns_kubernetes_rest_client_request_duration_seconds',
    'Times until a response of an API server began.',
    ['verb', 'host'],
    REQUEST_BUCKETS,
  );
  const waits = metrics.histogram(
    'coredns_kubernetes_rest_client_rate_limiter_duration_seconds',
    'Times that requests to an API server waited for the limits of apiserver_qps and its kin.',
    ['verb', 'host'],
    REQUEST_BUCKETS,
  );
  const requests = metrics.counter(
    'coredns_kubernetes_rest_client_requests_total',
    'Requests to an API server by the status of the response.',
    ['code', 'method', 'host'],
  );
  const programming = metrics.histogram(
    'coredns_kubernetes_dns_programming_duration_seconds',
    'Times from a change of a pod or Service to the moment in which DNS answers by it.',
    ['service_kind'],
    PROGRAMMING_BUCKETS,
  );
  const lists = metrics.counter('nodens_cluster_lists_total', 'Times that a resource was listed, and why.', [
    'resource',
    'cause',
  ]);
  return {
    requested({ method, host, code }, seconds) {
      requests.with(code, method, host).add();
      duration.with(method, host).observe(seconds);
    },
    waited: ({ method, host }, seconds) => waits.with(method, host).observe(seconds),
    listed: (resource, cause) => lists.with(resource, cause).add(),
    programmed: (kind, seconds) => programming.with(kind).observe(seconds),
    log: (severity, line) => logger[severity](line),
  };
}

/** Gauges of how the state of each cluster stands. @param now milliseconds since the epoch */
export function observeWatches(metrics: Metrics, watches: () => readonly WatchStatus[], now: () => number): void {
  const labels = ['host', 'resource'];
  const each = (
    name: string,
    help: string,
    value: (of: WatchStatus['resources'][number]) => number | undefined,
  ): void => {
    metrics.collect(name, help, labels, (set) => {
      for (const { host, resources } of watches()) {
        for (const of of resources) {
          const gauge = value(of);
          if (gauge !== undefined) set(gauge, host, of.resource);
        }
      }
    });
  };
  each('nodens_cluster_objects', 'Objects of an API server that are held.', ({ objects }) => objects);
  each('nodens_cluster_in_step', '1 where a resource has been listed, 0 before.', ({ standing }) =>
    standing === 'in-step' ? 1 : 0,
  );
  each('nodens_cluster_event_age_seconds', 'Time since an API server last said something of a resource.', (of) =>
    of.lastEvent === undefined ? undefined : Math.max(0, now() - of.lastEvent) / 1000,
  );
  metrics.collect(
    'nodens_cluster_snapshot_age_seconds',
    'Age of the state in the file for a warm start.',
    ['host'],
    (set) => {
      for (const { host, snapshotTakenAt } of watches()) {
        if (snapshotTakenAt !== undefined) set(Math.max(0, now() - snapshotTakenAt) / 1000, host);
      }
    },
  );
}

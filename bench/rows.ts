/** The rows of the benchmarks beside the mixes of questions. */

/** External names: cached, never cached, and at a steady rate (resolver.ts). */
export const resolverRows: readonly string[] = ['ext', 'miss', 'latency'];
/** What is promised whatever happens (promises/). */
export const promiseRows: readonly string[] = ['upstreams', 'service', 'reloads', 'restarts'];

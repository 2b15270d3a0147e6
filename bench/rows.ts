/** The rows of `npm run bench`: what each asks, under which Corefile, and what it may cost. */
import { type CorefileName, hasUpstream } from './corefiles.ts';
import type { MixName } from './queries.ts';

/** What a query may cost, as a multiple of what it costs Knot in the same run. */
export interface CostLimits {
  readonly must: number;
  readonly aim?: number;
}

export interface CostRow {
  readonly name: string;
  readonly mix: MixName;
  readonly transport: 'udp' | 'tcp';
  /** What Nodens is given; CoreDNS has kubeadm's always. */
  readonly corefile: CorefileName;
  /** What Knot is asked: the same where it can be. */
  readonly measure: MixName;
  /** Undefined for what is only told. */
  readonly limits?: CostLimits;
}

function row(name: MixName, corefile: CorefileName, limits?: CostLimits): CostRow {
  const measure = hasUpstream(corefile) ? 'cluster' : name;
  return { name, mix: name, transport: 'udp', corefile, measure, ...(limits === undefined ? {} : { limits }) };
}

/** What a query costs (costs.ts). */
export const costRows: readonly CostRow[] = [
  row('cluster', 'fixture', { must: 1.1, aim: 1 }),
  row('headless', 'fixture', { must: 1.1, aim: 1 }),
  row('nx', 'fixture', { must: 1.2, aim: 1 }),
  row('fresh', 'plain', { must: 2.2, aim: 1.7 }),
  row('ext', 'kubeadm', { must: 1.2 }),
  row('real', 'kubeadm', { must: 1.4, aim: 1.15 }),
  { ...row('real', 'stock', { must: 1.4, aim: 1.15 }), name: 'stock' },
  { ...row('cluster', 'fixture', { must: 1.5, aim: 1.2 }), name: 'tcp', transport: 'tcp' },
];
/** What is told beside them, without a limit. */
export const otherCostRows: readonly CostRow[] = [row('search', 'plain')];

/** How much more than these a server on `node:dgram` may cost. */
export const DGRAM_ROOM = 1.35;

/** Rows of the table that `--only table` stands for. */
export const tableRows: readonly string[] = [...costRows.map(({ name }) => name), 'latency'];
/** What is promised whatever happens (promises/). */
export const promiseRows: readonly string[] = ['upstreams', 'service', 'reloads', 'restarts'];
/** All, in the order in which they are measured. */
export const allRows: readonly string[] = [
  'start',
  ...costRows.map(({ name }) => name),
  ...otherCostRows.map(({ name }) => name),
  'latency',
  'miss',
  'searchpath',
  ...promiseRows,
];

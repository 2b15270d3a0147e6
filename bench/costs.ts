/**
 * What a query costs: for each row the servers are loaded in turns, as fast as they answer, and what counts is the processor
 * time of the whole process for each query that was answered, as a multiple of what it cost Knot in the same turn.
 *
 *     rows.ts ─► measureCosts: lineup.ts (one core) ◄─ load.ts: dnsperf (another core)
 *                     └─► cost-table.ts
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLines } from './files.ts';
import { type Measurement, load } from './load.ts';
import { type Lineup, isAvailable } from './lineup.ts';
import { type MixName, mixes, questionLines } from './queries.ts';
import type { CostRow } from './rows.ts';
import type { Server, ServerName } from './servers.ts';
import { median } from './table.ts';

export interface CostOptions {
  /** Of one load; unless told it is as long as `QUESTIONS` answers take, however busy the machine is. */
  readonly seconds?: number;
  /** Turns that count. */
  readonly runs: number;
  /** Those to measure, as far as they are installed and the row has a use for them. */
  readonly servers: readonly ServerName[];
}

/** What one server did in one row. */
export interface Cost {
  readonly server: ServerName;
  readonly asked: MixName;
  /** One for each turn. */
  readonly loads: readonly Measurement[];
  /** Of its processor time for a query to Knot's in the same turn; empty where Knot is not there. */
  readonly ratios: readonly number[];
}

export interface RowCosts {
  readonly row: CostRow;
  readonly costs: readonly Cost[];
}

/** Seconds of the load before the first that counts: the JavaScript engine compiles while it runs. */
const WARM_UP = 2;
/** Lines of a file of questions, which dnsperf starts over at its end. */
const QUESTIONS = 50_000;
/** Questions that never repeat are written for this many in a second. */
const HIGHEST_RATE = 250_000;

/** @throws Error where a server cannot be started or loaded */
export async function measureCosts(row: CostRow, lineup: Lineup, options: CostOptions): Promise<RowCosts> {
  const { seconds, runs } = options;
  const { size, folder, cores } = lineup.place;
  const servers: Server[] = [];
  /* oxlint-disable no-await-in-loop -- together they would measure each other */
  for (const name of options.servers.filter((one) => takesPart(one, row) && isAvailable(one))) {
    servers.push(await lineup.server(name, row.corefile));
  }
  const loads = new Map(servers.map((server) => [server, new Array<Measurement>()]));
  const files = new Map<MixName, string>();
  for (let run = 0; run <= runs; run++) {
    for (const mix of new Set([row.mix, row.measure])) {
      if (files.has(mix) && !mixes[mix].neverRepeats) continue;
      const file = join(folder, `${mix}.questions`);
      const count = mixes[mix].neverRepeats && seconds !== undefined ? HIGHEST_RATE * seconds : QUESTIONS;
      await writeLines(file, questionLines(mix, size, count, run * count));
      files.set(mix, file);
    }
    const isWarmUp = run === 0;
    for (const server of servers) {
      if (isWarmUp && server.name === 'knotd') continue;
      const measurement = await load(server, {
        questions: files.get(askedOf(server.name, row)) ?? '',
        ...(seconds === undefined ? {} : { seconds: isWarmUp ? Math.min(WARM_UP, seconds) : seconds }),
        transport: row.transport,
        core: cores?.client,
      });
      if (!isWarmUp) loads.get(server)?.push(measurement);
    }
  }
  /* oxlint-enable no-await-in-loop */
  for (const file of files.values()) rmSync(file);
  const knot = servers.find(({ name }) => name === 'knotd');
  const scale = knot === undefined ? [] : (loads.get(knot) ?? []);
  return {
    row,
    costs: servers.map((server) => {
      const own = loads.get(server) ?? [];
      const ratios = scale.map(({ cpu }, turn) => (own[turn]?.cpu ?? NaN) / cpu);
      return { server: server.name, asked: askedOf(server.name, row), loads: own, ratios };
    }),
  };
}

function askedOf(server: ServerName, row: CostRow): MixName {
  return server === 'knotd' ? row.measure : row.mix;
}

/** A server takes part where it can answer, and where its cost says something that the others' do not. */
function takesPart(server: ServerName, { mix, transport }: CostRow): boolean {
  switch (server) {
    case 'nodens':
    case 'knotd':
    case 'coredns':
      return true;
    case 'nodens dgram':
    case 'echo':
      return transport === 'udp';
    case 'unbound':
      return transport === 'udp' && (mix === 'ext' || mix === 'cluster');
  }
}

/** The median of the ratios to Knot; undefined where there are none. */
export function ratioOf({ ratios }: Cost): number | undefined {
  return ratios.length === 0 ? undefined : median(ratios);
}

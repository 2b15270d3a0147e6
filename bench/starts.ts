/** How long the program takes until its first answer, and what it holds then: manifests as one JSON text and as block YAML. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { fullName } from './cluster.ts';
import { writeLines } from './files.ts';
import { blockYaml, jsonList } from './manifests.ts';
import type { Options } from './options.ts';
import { untilAnswered } from './probe.ts';
import { childrenOf, memory, start } from './processes.ts';
import { builtInCorefile } from './corefiles.ts';
import { nodensCommand } from './servers.ts';
import { median, must, table, withSpread } from './table.ts';
import { freePort } from '../test/support/free-port.ts';

interface Start {
  /** Milliseconds. */
  readonly time: number;
  /** MiB: of the process that serves, a moment after the first answer; at its highest until then; of those it started. */
  readonly resident: number;
  readonly highest: number;
  readonly others: number;
}

const formats = [
  { name: 'JSON', file: 'cluster.json', lines: jsonList, limit: 3 },
  { name: 'block YAML', file: 'cluster.yaml', lines: blockYaml, limit: 8 },
] as const;
/** MiB that the process may hold after it has loaded the cluster. */
const MEMORY_LIMIT = 220;
/** Milliseconds after the first answer at which the memory is read. */
const SETTLED = 2_000;

/** The table of starts. The limits hold for 10,000 Services with 15 endpoints each and are left out for other sizes. */
export async function measureStarts(options: Options, folder: string, limitsHold: boolean): Promise<string> {
  const rows: string[][] = [];
  const place = join(folder, 'starts');
  mkdirSync(place);
  const text = builtInCorefile(options.program, place);
  const corefile = join(place, 'Corefile');
  writeFileSync(corefile, text);
  for (const { name, file, lines, limit } of formats) {
    const manifests = join(place, file);
    // Everything here is one after another: together they would measure each other.
    // oxlint-disable-next-line no-await-in-loop
    await writeLines(manifests, lines(options));
    const starts: Start[] = [];
    // oxlint-disable-next-line no-await-in-loop
    for (let run = 0; run < options.runs; run++) starts.push(await measureStart(options, corefile, manifests));
    rmSync(manifests);
    const seconds = starts.map(({ time }) => time / 1_000);
    const resident = starts.map((one) => one.resident);
    rows.push([
      'start',
      name,
      withSpread(seconds, 2),
      withSpread(resident, 0),
      withSpread(
        starts.map(({ highest }) => highest),
        0,
      ),
      withSpread(
        starts.map(({ others }) => others),
        0,
      ),
      limitsHold ? `${must(median(seconds), limit, 's')}; ${must(median(resident), MEMORY_LIMIT, 'MiB')}` : '',
    ]);
  }
  const heading = ['', 'manifests', 's to first answer', 'MiB resident', 'MiB highest', 'MiB parser', ''];
  return table(heading, rows);
}

async function measureStart(options: Options, corefile: string, manifests: string): Promise<Start> {
  const port = await freePort();
  const server = start(nodensCommand({ program: options.program, corefile, manifests, port }));
  try {
    const time = await untilAnswered(server, port, fullName(options.services - 1, options));
    const others = childrenOf(server.pid).reduce((sum, pid) => sum + memory(pid).highest, 0);
    await wait(SETTLED);
    const { now, highest } = memory(server.pid);
    return { time, resident: now, highest, others };
  } finally {
    await server.stop();
  }
}

/** How soon a change that the API server tells is answered, while other clients ask. */
import { cpuTime } from '../processes.ts';
import type { Api, Written } from './api.ts';
import { type Surroundings, startNodens, untilRight } from './nodens.ts';
import { steadyLoad, writeQuestions, type Loaded } from './steady.ts';

export interface ChangeOptions {
  /** Of the Service that changes. */
  readonly endpoints: number;
  /** Changes in a second, and how many. */
  readonly rate: number;
  readonly events: number;
  /** As many before those that count: the JavaScript engine compiles while it runs. */
  readonly warmUp: number;
  /** Queries in a second meanwhile. */
  readonly load: number;
}

export interface Changes extends Written, Loaded {
  /** The share of its core that the server used, from 0 to 1. */
  readonly busy: number;
}

export async function measureChanges(around: Surroundings, api: Api, options: ChangeOptions): Promise<Changes> {
  const { endpoints, rate, events, warmUp, load } = options;
  const nodens = await startNodens(around, api);
  try {
    await untilRight(nodens, around.size);
    const questions = await writeQuestions(around);
    const end = steadyLoad({ port: nodens.dnsPort, questions, rate: load, core: around.cores?.client });
    const write = (count: number): Promise<Written> =>
      api.write({ dnsPort: nodens.dnsPort, counted: { name: `of-${endpoints}`, endpoints }, rate, events: count });
    await write(warmUp);
    const [began, used] = [performance.now(), cpuTime(nodens.process.pid)];
    const written = await write(events);
    const busy = (cpuTime(nodens.process.pid) - used) / 1_000 / (performance.now() - began);
    return { ...written, busy, ...(await end()) };
  } finally {
    await nodens.process.stop();
  }
}

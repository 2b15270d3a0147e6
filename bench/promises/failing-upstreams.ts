/**
 * What a client feels when upstreams fall silent, one of two and then both: the program with `forward` to two upstreams
 * that this process plays, and a client that asks names which nothing has in store.
 *
 *     both answer ──► one is silent: no answer late, and as before from the third second on ──► both are silent: SERVFAIL
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilAnswered } from '../probe.ts';
import { start } from '../processes.ts';
import { type Answered, ask, quantile } from './asking.ts';
import { openUpstream } from './upstream.ts';
import { freePort } from '../../test/support/free-port.ts';

export interface FailingUpstreams {
  /** Milliseconds: the 99th percentile with two upstreams that answer. */
  readonly normal: number;
  /** With one of them silent: the slowest answer of all, and the 99th percentile from the third second on. */
  readonly slowest: number;
  readonly settled: number;
  /** With both silent: the slowest answer, and how many of the answers were SERVFAIL with an Extended DNS Error. */
  readonly slowestFailure: number;
  readonly explained: number;
  readonly failures: number;
}

/** Milliseconds that the musts allow. */
export const limits = { slowest: 300, aboveNormal: 50, failure: 1_800 } as const;

/** When the settled state begins, in milliseconds after an upstream fell silent. */
const SETTLED = 2_000;
const RATE = 200;

export async function failingUpstreams(program: string, folder: string, seconds: number): Promise<FailingUpstreams> {
  const [first, second] = [await openUpstream(), await openUpstream()];
  const port = await freePort();
  const place = join(folder, 'failing-upstreams');
  mkdirSync(place);
  const corefile = join(place, 'Corefile');
  writeFileSync(
    corefile,
    `.:${port} {\n  bind 127.0.0.1\n  errors {\n    consolidate 10s .*\n  }\n  forward . 127.0.0.1:${first.port} 127.0.0.1:${second.port}\n  cache 30\n}\n`,
  );
  const server = start([process.execPath, program, '-conf', corefile]);
  try {
    await untilAnswered(server, port, 'up.example');
    const phase = (name: string, rate: number, length: number): Promise<readonly Answered[]> =>
      ask({ port, rate, seconds: length, name: (i) => `${name}-${i}.example`, patience: 3_000 });
    await phase('warm', RATE, Math.min(2, seconds));
    const normal = await phase('normal', RATE, seconds);
    second.answering = false;
    const one = await phase('one', RATE, seconds + SETTLED / 1_000);
    first.answering = false;
    const none = await phase('none', 50, Math.min(4, seconds));
    return {
      normal: quantile(times(normal), 0.99),
      slowest: Math.max(...times(one)),
      settled: quantile(times(one.filter(({ at }) => at >= SETTLED)), 0.99),
      slowestFailure: Math.max(...times(none)),
      explained: none.filter(({ rcode, extendedError }) => rcode === 'SERVFAIL' && extendedError !== undefined).length,
      failures: none.length,
    };
  } finally {
    await server.stop();
    first.close();
    second.close();
  }
}

function times(answers: readonly Answered[]): readonly number[] {
  return answers.map(({ took }) => took);
}

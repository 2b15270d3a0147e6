/**
 * Reloads under load: the program's Corefile is rewritten again and again, half of the times with one that cannot be used,
 * while dnsperf asks at a steady rate. No query may be lost, and memory must not grow.
 */
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { untilAnswered } from '../probe.ts';
import { type Running, memory, start } from '../processes.ts';
import { nodeCommand } from '../../tools/node-command.ts';
import { freePort } from '../../test/support/free-port.ts';

export interface Reloads {
  readonly asked: number;
  readonly lost: number;
  readonly succeeded: number;
  readonly failed: number;
  /** MiB resident after a tenth of the reloads, and after all of them. */
  readonly early: number;
  readonly late: number;
}

/** MiB by which memory may differ and still be called flat. */
export const SLACK = 15;

const DEADLINE = 20_000;

/** @param core for dnsperf; undefined for any */
export async function reloads(
  program: string,
  folder: string,
  count: number,
  rate: number,
  cores: { readonly server: number; readonly client: number } | undefined,
): Promise<Reloads> {
  const place = join(folder, 'reloads');
  mkdirSync(place);
  const [port, other, http] = [await freePort(), await freePort(), await freePort()];
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const busy = typeof address === 'object' && address !== null ? address.port : 0;
  const corefiles = variants({ port, other, http, busy });
  const corefile = join(place, 'Corefile');
  const questions = join(place, 'questions');
  writeFileSync(corefile, corefiles.good(0));
  writeFileSync(questions, Array.from({ length: 100 }, (_, i) => `name-${i}.example A\n`).join(''));
  const outcomes = new Outcomes();
  const server = start([...nodeCommand, program, '-conf', corefile], {
    ...(cores === undefined ? {} : { core: cores.server }),
    watch: (text) => outcomes.read(text),
  });
  try {
    await untilAnswered(server, port, 'name.example');
    const target = ['-s', '127.0.0.1', '-p', String(port), '-d', questions, '-l', '3600'];
    const load = ['dnsperf', ...target, '-c', '8', '-q', '500', '-Q', String(rate)] as const;
    const dnsperf = start(['dnsperf', ...load.slice(1)], cores === undefined ? {} : { core: cores.client });
    await wait(500);
    let early = 0;
    for (let i = 1; i <= count; i++) {
      // One reload after another is what is measured.
      // oxlint-disable-next-line no-await-in-loop
      await reload(server, outcomes, corefile, i % 2 === 0 ? corefiles.good(i) : corefiles.broken(i));
      if (i === Math.ceil(count / 10)) early = memory(server.pid).now;
    }
    await wait(500);
    const late = memory(server.pid).now;
    process.kill(dnsperf.pid, 'SIGINT');
    await dnsperf.ended();
    const report = dnsperf.output();
    const figure = (label: string): number => Number(new RegExp(`${label}:\\s*(\\d+)`).exec(report)?.[1] ?? NaN);
    return {
      asked: figure('Queries sent'),
      lost: figure('Queries lost'),
      succeeded: outcomes.succeeded,
      failed: outcomes.failed,
      early,
      late,
    };
  } finally {
    await server.stop();
    taken.close();
  }
}

interface Ports {
  readonly port: number;
  readonly other: number;
  readonly http: number;
  /** One that another program has. */
  readonly busy: number;
}

function variants({ port, other, http, busy }: Ports) {
  const block = (lines: string): string => `.:${port} {\n  bind 127.0.0.1\n  errors\n${lines}}\n`;
  const answer = (ttl: number): string => `  template IN A {\n    answer "{{ .Name }} ${ttl} IN A 192.0.2.1"\n  }\n`;
  const second = `example.org:${other} {\n  bind 127.0.0.1\n  whoami\n}\n`;
  const good = [
    (i: number) => block(answer(i)),
    (i: number) => block(`  prometheus 127.0.0.1:${http}\n  cache ${i + 1}\n  loadbalance\n${answer(i)}`),
    (i: number) => block(`  health 127.0.0.1:${http}\n${answer(i)}`) + second,
  ];
  const broken = [
    (i: number) => block(answer(i)).slice(0, -2),
    (i: number) => block(`  templte ${i}\n`),
    (i: number) => block(`  health 127.0.0.1:${busy}\n${answer(i)}`),
    (i: number) => block(answer(i)) + `.:${busy} {\n  bind 127.0.0.1\n  whoami\n}\n`,
    (i: number) => block(`  cache -${i}\n${answer(i)}`),
  ];
  const nth = (list: readonly ((i: number) => string)[], i: number): string => list[(i >> 1) % list.length]?.(i) ?? '';
  return { good: (i: number) => nth(good, i), broken: (i: number) => nth(broken, i) };
}

/** How reloads went, as the program's log tells. */
class Outcomes {
  succeeded = 0;
  failed = 0;
  #rest = '';

  read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.succeeded += lines.filter((line) => line.includes('Reloading complete')).length;
    this.failed += lines.filter((line) => line.includes('Reloading failed')).length;
  }

  get all(): number {
    return this.succeeded + this.failed;
  }
}

/** Puts another Corefile in place, asks for a reload, and waits until the server has said how it went. */
async function reload(server: Running, outcomes: Outcomes, corefile: string, text: string): Promise<void> {
  const before = outcomes.all;
  writeFileSync(`${corefile}.new`, text);
  renameSync(`${corefile}.new`, corefile);
  process.kill(server.pid, 'SIGUSR1');
  const deadline = performance.now() + DEADLINE;
  while (outcomes.all === before) {
    if (performance.now() > deadline) throw new Error(`a reload does not end:\n${server.output()}`);
    // oxlint-disable-next-line no-await-in-loop -- until it has happened
    await wait(2);
  }
}

/** The program under kubeadm's Corefile, fed by an API server of the benchmarks. */
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { kubeadmCorefile } from '../kubeadm.ts';
import { type Running, start } from '../processes.ts';
import { nodeCommand } from '../../tools/node-command.ts';
import type { Api } from './api.ts';
import { accessLines } from './access.ts';
import { clusterIp, fullName, isHeadless, type ClusterSize } from '../cluster.ts';
import { askUntil, type FirstAnswer } from './first-answer.ts';

export interface Surroundings {
  readonly program: string;
  /** What Node is given beside the flags of the image. */
  readonly flags: readonly string[];
  readonly folder: string;
  /** Undefined where the processes share whatever there is. */
  readonly cores: { readonly server: number; readonly client: number } | undefined;
  readonly size: ClusterSize;
  /** The port of something on loopback that answers names of the Internet. */
  readonly upstream: number;
}

export interface Nodens {
  readonly process: Running;
  readonly dnsPort: number;
  readonly httpPort: number;
  /** `performance.now()` at its start. */
  readonly began: number;
}

/** Milliseconds between two questions, which is how exact times are. */
const AGAIN = 2;
const DEADLINE = 30_000;

/** Starts the program; resolves at once. */
export async function startNodens(
  { program, flags, folder, cores, upstream }: Surroundings,
  { access }: Api,
  snapshot?: string,
): Promise<Nodens> {
  const [dns, http] = [await freePort(), await freePort()];
  const kubernetes = [...accessLines(access, folder), ...(snapshot === undefined ? [] : [`snapshot ${snapshot}`])];
  const file = join(folder, 'Corefile');
  writeFileSync(file, kubeadmCorefile({ dns, http, upstream, kubernetes }));
  const command = [...nodeCommand, ...flags, program, '-conf', file] as const;
  const began = performance.now();
  const running = start(command, { cwd: folder, ...(cores === undefined ? {} : { core: cores.server }) });
  return { process: running, dnsPort: dns, httpPort: http, began };
}

/** Resolves with the milliseconds from the start of the program until `/ready` said 200. */
export async function untilReady({ process: running, httpPort, began }: Nodens): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asking = setInterval(() => {
    const request = get({ host: '127.0.0.1', port: httpPort, path: '/ready' }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve(performance.now() - began);
    });
    request.on('error', () => undefined);
  }, AGAIN);
  const timer = setTimeout(() => reject(new Error(`it does not get ready:\n${running.output()}`)), DEADLINE);
  running.ended().then(
    () => reject(new Error(`it has ended:\n${running.output()}`)),
    (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
  );
  return promise.finally(() => {
    clearInterval(asking);
    clearTimeout(timer);
  });
}

/** Resolves at the first right answer for the last Service that has a cluster IP; its time is from the start of the program. */
export async function untilRight(nodens: Nodens, size: ClusterSize): Promise<FirstAnswer> {
  let last = size.services - 1;
  while (isHeadless(last)) last--;
  const question = { name: fullName(last, size), address: clusterIp(last) };
  return askUntil(nodens, question, { again: AGAIN, deadline: DEADLINE });
}

/** When the log says that it was in step, in seconds after it began to ask the API server; undefined where it does not. */
export function inStepAfter({ process: running }: Nodens): number | undefined {
  const seconds = /in step with the API server \S+ after ([\d.]+) s/.exec(running.output())?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

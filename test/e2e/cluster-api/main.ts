/**
 * The end-to-end suite against a real cluster:
 *
 *     E2E_KUBECONFIG=~/.kube/config npm run test:e2e
 *
 * It makes namespaces of its own in the cluster that the current context names, starts the program on it, asks, changes what it
 * made, asks again, starts the program anew from its snapshot, and deletes what it made, also after a failure and Ctrl-C. It
 * touches nothing that it did not create. A kube-apiserver alone is enough: it rests on no controller, scheduler or node.
 *
 * Exit status: 0 if all steps hold, 1 if one does not or something is left in the cluster, 2 if it cannot begin.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ApiClient } from './api-client.ts';
import { OwnObjects, RUN_LABEL } from './own-objects.ts';
import { answers } from './steps-answers.ts';
import { changes } from './steps-changes.ts';
import { restarts } from './steps-restarts.ts';
import { Suite } from './suite.ts';

const HELP = `usage: E2E_KUBECONFIG=FILE npm run test:e2e

FILE is a kubeconfig; its current context names the cluster, and its user may create and delete namespaces, Services,
EndpointSlices and Pods. Only namespaces that the run itself creates are written to (nodens-e2e-*), and they are deleted
at the end.

  E2E_PROGRAM=FILE      what is run in place of src/main.ts: dist/nodens.mjs, for example
  E2E_CHANGE_MS=N       milliseconds in which an answer must follow a change; 2000 by default
`;

/** Milliseconds. */
const CHANGE_DEADLINE = 2_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const file = process.env['E2E_KUBECONFIG'];
  if (file === undefined || file === '') {
    process.stderr.write(`the suite needs a cluster, and E2E_KUBECONFIG names none\n\n${HELP}`);
    return 2;
  }
  const kubeconfig = resolve(file);
  let api: ApiClient;
  try {
    api = new ApiClient(kubeconfig);
  } catch (error) {
    process.stderr.write(`${kubeconfig} cannot be used: ${messageOf(error)}\n`);
    return 2;
  }
  const own = new OwnObjects(api);
  const folder = mkdtempSync(join(tmpdir(), 'nodens-cluster-'));
  const program = process.env['E2E_PROGRAM'];
  const changeDeadline = Number(process.env['E2E_CHANGE_MS'] ?? CHANGE_DEADLINE);
  const suite = new Suite({
    api,
    own,
    kubeconfig,
    folder,
    program: program === undefined ? undefined : resolve(program),
    changeDeadline,
  });
  print(`cluster ${api.host}, run ${own.run}`);
  const interrupted = onSignals(own.run);
  const outcome = await Promise.race([steps(suite), interrupted]);
  const left = await cleanUp(suite, folder);
  if (outcome === 'held' && left.length === 0) return 0;
  return 1;
}

/** Resolves at the first signal; further ones change nothing, since what was made must go. */
function onSignals(run: string): Promise<'interrupted'> {
  const { promise, resolve: interrupt } = Promise.withResolvers<'interrupted'>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      print(`${signal}: deleting what was made; if that fails: kubectl delete namespace -l ${RUN_LABEL}=${run}`);
      interrupt('interrupted');
    });
  }
  return promise;
}

async function steps(suite: Suite): Promise<'held' | 'failed'> {
  for (const step of [...answers, ...changes, ...restarts]) {
    const begun = performance.now();
    try {
      // oxlint-disable-next-line no-await-in-loop -- each rests on those before it
      await step.run(suite);
    } catch (error) {
      if (suite.isOver) return 'failed';
      print(`FAILED  ${step.title}\n        ${messageOf(error)}`);
      if (suite.log !== '') print(`what the program printed:\n${suite.log}`);
      return 'failed';
    }
    print(`ok      ${step.title} (${Math.round(performance.now() - begun)} ms)`);
  }
  const sorted = suite.delays.toSorted((a, b) => a - b);
  const of = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1);
  print(
    `${sorted.length} changes, from the API server's reply to the changed answer: median ${of(0.5)} ms, most ${of(1)} ms`,
  );
  return 'held';
}

async function cleanUp(suite: Suite, folder: string): Promise<readonly string[]> {
  await suite.end();
  const left = await suite.own.close();
  rmSync(folder, { recursive: true, force: true });
  for (const line of left) print(`LEFT    ${line}`);
  if (left.length > 0) print(`kubectl delete namespace -l ${RUN_LABEL}=${suite.own.run}`);
  else print('deleted everything that was made');
  return left;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

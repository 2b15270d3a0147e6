/**
 * The API server of the benchmarks as a process of its own, on the load's core: an API server for tests that holds the
 * cluster of ../cluster.ts, and tells when it has written what. api.ts starts it and sends it commands; it ends with the process that
 * has started it.
 */
import { setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiServer } from '../../test/apiserver/server.ts';
import { clusterObjects } from '../cluster.ts';
import { type Command, type Outcome, type Told, type WriteOptions, monotonic } from './api.ts';
import { type Counted, LISTED, countedChange, countedName, countedNamespace, countedObjects } from './counted.ts';

/** Milliseconds from all objects of a Service to its first change. */
const SETTLED = 300;
/** Milliseconds between bookmarks; a real server sends them about every minute. */
const BOOKMARKS = 60_000;

let server: ApiServer | undefined;
/** Changes of all Services that were written: what an earlier measurement left must not be taken for an answer. */
let changes = 0;

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  if (!isCommand(message)) return;
  const { id } = message;
  const answer = (outcome: Outcome): void => void process.send?.(outcome);
  carryOut(message).then(
    (value) => answer({ id, value }),
    (error: unknown) => answer({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});

function isCommand(message: unknown): message is Command {
  return typeof message === 'object' && message !== null && 'id' in message && 'kind' in message;
}

async function carryOut(command: Command): Promise<NonNullable<Outcome['value']>> {
  if (command.kind === 'open') {
    const { size, hasManagedFields, port, niceness } = command;
    if (niceness > 0) setPriority(niceness);
    const settings = { bookmarkMilliseconds: BOOKMARKS };
    server = await ApiServer.open({ port, hasManagedFields, settings });
    for (const name of ['kube-system', 'default'])
      server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const object of clusterObjects(size)) server.put({ ...object });
    server.putAll([countedNamespace, ...countedObjects(LISTED, 0)]);
    const { cert, key } = server.clientCertificate('nodens');
    return { kind: 'opened', url: server.url, ca: server.ca, certificate: cert, key };
  }
  if (server === undefined) throw new Error('the API server is not open');
  switch (command.kind) {
    case 'relist':
      server.expireWatches();
      server.forgetHistory();
      // Nobody watches in this moment: only a list tells of it.
      server.put(countedChange(LISTED, command.count));
      return { kind: 'done' };
    case 'write':
      await write(server, command);
      return { kind: 'done' };
  }
}

/** Writes all objects of a Service, and then changes of it at a steady rate. */
async function write(api: ApiServer, { counted, rate, events }: WriteOptions): Promise<void> {
  const first = ++changes;
  tellOf(counted, first, () => api.putAll(countedObjects(counted, first)));
  await wait(SETTLED);
  const began = performance.now();
  let written = 0;
  while (written < events) {
    const due = Math.floor(((performance.now() - began) / 1_000) * rate);
    for (; written < Math.min(due, events); written++) {
      const count = ++changes;
      const change = countedChange(counted, count);
      tellOf(counted, count, () => api.put(change));
    }
    // oxlint-disable-next-line no-await-in-loop -- until the next is due
    await wait(1);
  }
}

function tellOf(counted: Counted, count: number, put: () => void): void {
  const start = monotonic();
  put();
  const at = monotonic();
  const told: Told = { change: { name: countedName(counted, count), count, at, writing: at - start } };
  process.send?.(told);
}

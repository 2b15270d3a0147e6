/**
 * The API server of the benchmarks as a process of its own, on the load's core: an API server for tests that holds the
 * cluster of ../cluster.ts, and a client that measures how soon what it writes is answered. api.ts starts it and sends it
 * commands; it ends with the process that has started it.
 */
import { setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiServer } from '../../test/apiserver/server.ts';
import { clusterObjects } from '../cluster.ts';
import type { Command, Outcome, WriteOptions, Written } from './api.ts';
import { Asker } from './asker.ts';
import { LISTED, countedChange, countedName, countedNamespace, countedObjects, tellsOf } from './counted.ts';

/** Milliseconds for an answer to know of a change. */
const DEADLINE = 10_000;
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
      return { kind: 'written', ...(await write(server, command)) };
  }
}

/** Changes that are asked for at once: one after the other, each would wait for all that were held up before it. */
const ASKED_TOGETHER = 4;

interface Change {
  readonly name: string;
  readonly count: number;
  /** `performance.now()` when its octets had been handed to the system. */
  readonly at: number;
}

/** Writes changes of one Service at a steady rate, and asks for each that is not answered yet until it is. */
async function write(api: ApiServer, options: WriteOptions): Promise<Written> {
  const { dnsPort, counted, rate, events } = options;
  const asker = new Asker(dnsPort);
  const [took, writing, asking] = [new Array<number>(), new Array<number>(), new Array<number>()];
  /** The changes that no answer is known to tell of, oldest first. */
  let open: Change[] = [];
  const asked = new Map<string, Promise<void>>();
  const ask = async ({ name, count }: Change): Promise<void> => {
    const { at, address } = await asker.until(name, tellsOf(count), {
      deadline: DEADLINE,
      asked: (answered) => asking.push(answered),
    });
    const isSeen = (one: Change): boolean => one.name === name && tellsOf(one.count)(address);
    for (const change of open) if (isSeen(change)) took.push(at - change.at);
    open = open.filter((change) => !isSeen(change));
    asked.delete(name);
    askForMore();
  };
  const askForMore = (): void => {
    for (const change of open) {
      if (asked.size >= ASKED_TOGETHER) return;
      if (!asked.has(change.name)) asked.set(change.name, ask(change));
    }
  };
  try {
    const before = ++changes;
    api.putAll(countedObjects(counted, before));
    await asker.until(countedName(counted, before), tellsOf(before), { deadline: DEADLINE });
    const began = performance.now();
    let written = 0;
    /* oxlint-disable no-await-in-loop -- until the next is due, and until all are answered */
    while (written < events) {
      const due = Math.floor(((performance.now() - began) / 1_000) * rate);
      for (; written < Math.min(due, events); written++) {
        const count = ++changes;
        const change = countedChange(counted, count);
        const start = performance.now();
        api.put(change);
        const at = performance.now();
        writing.push(at - start);
        open.push({ name: countedName(counted, count), count, at });
        askForMore();
      }
      await wait(1);
    }
    while (asked.size > 0) await Promise.all(asked.values());
    /* oxlint-enable no-await-in-loop */
  } finally {
    asker.close();
  }
  return { took, writing, asking };
}

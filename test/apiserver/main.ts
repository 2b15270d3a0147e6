/**
 * The server as a process of its own, for benchmarks and for people:
 *
 *     node test/apiserver/main.ts --objects cluster.json --kubeconfig-out kubeconfig
 *
 * When it listens it prints one line of JSON with its address. With `--control`, it carries out the commands of control.ts
 * that come in as lines, answers each with a line, and ends when there are no more; otherwise it runs until a signal.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { withDefaults } from './admission.ts';
import { Churn } from './churn.ts';
import { Control } from './control.ts';
import { type JsonObject, textAt } from './json.ts';
import { kubeconfig } from './kubeconfig.ts';
import { resourceOfKind } from './resources.ts';
import { ApiServer } from './server.ts';
import { objectsOf } from './state.ts';
import { freeClusterIP } from './writes.ts';

const HELP = `usage: node test/apiserver/main.ts [option]...

  --port N                 port on 127.0.0.1; any by default
  --objects FILE           a v1 List as JSON, or one object
  --token TOKEN            the bearer token that is asked for; none by default
  --plain                  HTTP without TLS
  --ca-out FILE            writes the certificate of the authority
  --kubeconfig-out FILE    writes a kubeconfig
  --token-out FILE         writes the token
  --streaming-lists MODE   on, gated, unknown or ignored: what becomes of sendInitialEvents
  --bookmark-seconds N     time between bookmarks; none by default
  --history N              changes of each resource that are remembered
  --no-managed-fields      leaves metadata.managedFields out
  --events-per-second N    lets endpoints become ready and unready
  --seed N                 for those
  --control                takes commands on standard input
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    objects: { type: 'string' },
    token: { type: 'string' },
    plain: { type: 'boolean', default: false },
    'ca-out': { type: 'string' },
    'kubeconfig-out': { type: 'string' },
    'token-out': { type: 'string' },
    'streaming-lists': { type: 'string', default: 'on' },
    'bookmark-seconds': { type: 'string', default: '0' },
    history: { type: 'string', default: '10000' },
    'no-managed-fields': { type: 'boolean', default: false },
    'events-per-second': { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    control: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await run();

async function run(): Promise<void> {
  const { token } = values;
  const server = await ApiServer.open({
    port: Number(values.port),
    isSecure: !values.plain,
    historyLength: Number(values.history),
    hasManagedFields: !values['no-managed-fields'],
    ...(token === undefined ? {} : { tokens: [token] }),
    settings: {
      streamingLists: streamingLists(values['streaming-lists']),
      bookmarkMilliseconds: Number(values['bookmark-seconds']) * 1000,
    },
  });
  if (values.objects !== undefined) {
    const list: unknown = JSON.parse(readFileSync(values.objects, 'utf8'));
    server.putAll(objectsOf(list).map((object) => defaulted(server, object)));
  }
  if (values['ca-out'] !== undefined) writeFileSync(values['ca-out'], server.ca);
  if (values['token-out'] !== undefined) writeFileSync(values['token-out'], token ?? '');
  if (values['kubeconfig-out'] !== undefined) {
    writeFileSync(values['kubeconfig-out'], kubeconfig(server, token === undefined ? {} : { token }), { mode: 0o600 });
  }
  const churn = new Churn(server, Number(values.seed));
  churn.setRate(Number(values['events-per-second']));
  const lines = values.control ? createInterface({ input: process.stdin }) : undefined;
  const stop = async (): Promise<void> => {
    churn.setRate(0);
    lines?.close();
    await server.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
  print({ ready: true, url: server.url, port: server.port, pid: process.pid, resourceVersion: server.revision });
  if (lines === undefined) return;
  const control = new Control(server, churn, stop);
  // oxlint-disable-next-line no-await-in-loop -- commands are carried out in their order
  for await (const line of lines) process.stdout.write(`${await control.run(line)}\n`);
  await stop();
}

/** As a server would have stored it, so that sizes are real. */
function defaulted(server: ApiServer, object: JsonObject): JsonObject {
  const resource = resourceOfKind(textAt(object, 'kind'));
  return resource === undefined ? object : withDefaults(resource, object, () => freeClusterIP(server.state));
}

function streamingLists(text: string): 'on' | 'gated' | 'unknown' | 'ignored' {
  switch (text) {
    case 'on':
    case 'gated':
    case 'unknown':
    case 'ignored':
      return text;
    default:
      throw new Error(`--streaming-lists takes on, gated, unknown or ignored, not "${text}"`);
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

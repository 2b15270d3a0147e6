/** A process that has no file descriptor left: it goes on, says nothing untrue of what it cannot read, and is as before when there are some again. */
import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { dataOf, reply, until } from './ask.ts';
import { folder } from './folder.ts';
import { started } from './started.ts';

const DESCRIPTORS = 64;
/** Milliseconds: longer than the manifests are left without a look. */
const WITHOUT = 7_000;
const LONG = 60_000;
const service =
  'apiVersion: v1\nkind: Service\nmetadata: { name: nginx }\nspec: { clusterIP: 10.96.0.80, ports: [{ port: 80 }] }\n';
const nginx = { name: 'nginx.default.svc.cluster.local', type: 'A' } as const;
const host = { name: 'box.test', type: 'A' } as const;
/** A message of no sense, with its length: whoever sends it is not idle. */
const MESSAGE = Buffer.from('000c000000000000000000000000', 'hex');

/** Takes all that the program has left, and holds it until the returned function is called. */
function takeAll(port: number): () => void {
  const sockets: Socket[] = [];
  const another = (): void => {
    const socket = connect(port, '127.0.0.1', () => socket.write(MESSAGE));
    socket.on('error', () => undefined);
    socket.resume();
    sockets.push(socket);
  };
  for (let count = 0; count < 2 * DESCRIPTORS; count++) another();
  const busy = setInterval(() => {
    for (const socket of sockets.filter(({ writable }) => writable)) socket.write(MESSAGE);
    for (const socket of sockets.splice(0).filter(({ destroyed }) => !destroyed)) sockets.push(socket);
    while (sockets.length < 2 * DESCRIPTORS) another();
  }, 200);
  const release = (): void => {
    clearInterval(busy);
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(release);
  return release;
}

it(
  'serves on without a file descriptor left',
  async () => {
    const metrics = await freePort();
    const cwd = folder({
      Corefile: `. {\nhosts hosts box.test {\nreload 1s\n}\nkubernetes cluster.local\nprometheus 127.0.0.1:${metrics}\n}\n`,
      hosts: '192.0.2.1 box.test\n',
      'cluster/nginx.yaml': service,
    });
    const program = started(['--fixture', 'cluster', '--bind', '127.0.0.1', '-dns.port', '0'], {
      cwd,
      within: ['sh', '-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'sh'],
    });
    const port = await program.port();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const scrape = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get({ port: metrics, path: '/metrics', agent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        }).on('error', reject);
      });
    expect(await scrape()).toBe(200);
    const release = takeAll(port);
    await wait(500);
    writeFileSync(join(cwd, 'hosts'), '192.0.2.22 box.test\n');
    const answers = new Set<string>();
    const statuses = new Set<number | undefined>();
    for (let passed = 0; passed < WITHOUT; passed += 250) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, for so long
      const [answer, status] = await Promise.all([reply(port, nginx), scrape(), wait(250)]);
      answers.add(dataOf(answer).join());
      statuses.add(status);
    }
    expect([...answers]).toEqual(['10.96.0.80']);
    expect([...statuses]).toEqual([200]);
    // Or nothing was tried.
    expect(program.stdout + program.stderr).toContain('EMFILE');
    release();
    await until(port, host, (decoded) => dataOf(decoded).join() === '192.0.2.22', 10_000);
  },
  LONG,
);

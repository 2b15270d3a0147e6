/** What is told where the process has no file descriptor left, by a process of its own that has used all of them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const LIMIT = 64;
const modules = new URL('../../../src/transport/client/', import.meta.url);

/** Prints one line of JSON: what became of a message over each protocol, and of a request over HTTP. */
const script = `
import { openSync } from 'node:fs';
import { openNetwork } from '${new URL('network.ts', modules).href}';
const lines = [];
process.stdout.write('');
process.on('exit', () => process.stdout.write(JSON.stringify(lines)));
const useAll = () => {
  try {
    for (;;) openSync('/dev/null');
  } catch {}
};
// What loading the modules held may be given back a moment later, on a busy machine after the first look.
for (let look = 0; look < 20; look++) {
  useAll();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
useAll();
const network = openNetwork();
const to = { address: '127.0.0.1', port: 9 };
const times = { idle: 1000, maxAge: 0, maxIdle: 0, connectTimeout: 1000 };
for (const protocol of ['udp', 'tcp', 'tls', 'https']) {
  const tls = { serverName: 'dns.example', ca: undefined, certificate: undefined, key: undefined };
  const channel = network.channel({ protocol, to, source: undefined, tls, method: 'POST', ...times });
  channel.send(new Uint8Array(12), { received: () => false, failed: (problem) => lines.push([protocol, problem]) });
}
network.httpStatus(to, '/health', 1000).catch(({ code, message }) => lines.push(['http', { code, message }]));
`;

/** Elsewhere the limit cannot be read from a file. */
const advice = process.platform === 'linux' ? `limit ${LIMIT}; raise it with` : 'raise the limit with';
const TEXT = `the process has no file descriptor left (${advice} ulimit -n or LimitNOFILE)`;

it('is that, with the limit, and no bound of the table', { timeout: 30_000 }, async () => {
  const command = `ulimit -n ${LIMIT} && exec "$0" --input-type=module -e "$1"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script]);
  const shortage = { kind: 'socket-limit', text: TEXT, shortage: true };
  const told: unknown = JSON.parse(stdout);
  expect(Object.fromEntries(Array.isArray(told) ? told : [])).toEqual({
    udp: shortage,
    tcp: shortage,
    tls: shortage,
    https: shortage,
    http: { code: 'EMFILE', message: TEXT },
  });
});

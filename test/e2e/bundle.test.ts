/** The bundle that the image holds: it is built as the Dockerfile builds it, and answers as the source does. */
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataOf, reply } from './ask.ts';
import { manifests } from './cluster.ts';
import { checkout, run } from './program.ts';
import { started } from './started.ts';
import { freePort } from '../support/free-port.ts';

const program = `${checkout}dist/bin/main.js`;
const outside = { KUBERNETES_SERVICE_HOST: undefined };
const nginx = { name: 'nginx.default.svc.cluster.local', type: 'A' };

describe('the bundle', () => {
  beforeAll(() => {
    execFileSync(process.execPath, [`${checkout}tools/build.ts`], { stdio: 'inherit' });
  });

  it('takes the arguments of CoreDNS', async () => {
    const port = await freePort();
    const stdin = `.:${port} {\n    whoami\n}\n`;
    const serving = started(['-conf', 'stdin', '--bind', '127.0.0.1'], { program, stdin, cwd: tmpdir() });
    expect(await serving.port()).toBe(port);
    expect((await reply(port, nginx)).rcode).toBe('NOERROR');
    serving.signal('SIGTERM');
    expect((await serving.ended()).code).toBe(0);
  });

  it('parses manifests, which another process does', async () => {
    const args = ['--fixture', '-', '--bind', '127.0.0.1', '-dns.port', '0'];
    const port = await started(args, { program, stdin: manifests, cwd: tmpdir() }).port();
    expect(dataOf(await reply(port, nginx))).toEqual(['10.96.0.80']);
  });

  it('finds the example cluster', async () => {
    const port = await freePort();
    const serving = started(['-dns.port', String(port)], { program, environment: outside, cwd: tmpdir() });
    await serving.printed(/dig @localhost/);
    expect(dataOf(await reply(port, nginx))).toHaveLength(1);
  });

  it('is of the same version', async () => {
    expect((await run(['-version'], { program })).stdout).toBe((await run(['-version'])).stdout);
  });
});

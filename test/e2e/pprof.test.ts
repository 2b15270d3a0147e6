/** `pprof` in the real program: a heap snapshot, and whose the socket is. */
import { readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { folder } from './folder.ts';
import { run } from './program.ts';
import { started } from './started.ts';

const onLoopback = ['--bind', '127.0.0.1', '-dns.port', '0'];

it('a heap snapshot of the program comes through the socket of `pprof`, and leaves no file', async () => {
  const cwd = folder({});
  const path = `${cwd}/profiles.sock`;
  writeFileSync(`${cwd}/Corefile`, `. {\n    pprof ${path}\n    whoami\n}\n`);
  const program = started(onLoopback, { cwd });
  await program.port();
  const snapshot: unknown = JSON.parse((await fetched(path, '/debug/pprof/heap')).toString());
  expect(snapshot).toMatchObject({
    snapshot: { meta: expect.anything() },
    strings: expect.arrayContaining(['ProfileSocket']),
  });
  expect(readdirSync(cwd).toSorted()).toEqual(['Corefile', 'profiles.sock']);
  expect(program.stdout).toMatch(/^\[WARNING\] plugin\/pprof: Taking a heap snapshot: /m);
  program.signal('SIGTERM');
  expect((await program.ended()).code).toBe(0);
  expect(readdirSync(cwd)).toEqual(['Corefile']);
});

it('a socket that another server has is the end, and the one of a server that was killed is taken over', async () => {
  const cwd = folder({});
  const path = `${cwd}/profiles.sock`;
  writeFileSync(`${cwd}/Corefile`, `. {\n    pprof ${path}\n    whoami\n}\n`);
  const program = started(onLoopback, { cwd });
  await program.port();
  const second = await run(onLoopback, { cwd });
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toBe(
    `pprof: the socket ${path} is in use by another process; stop that one, or take another path\n`,
  );
  expect((await fetched(path, '/debug/pprof/')).toString()).toContain('/debug/pprof/heap');
  await program.kill();
  await started(onLoopback, { cwd }).port();
  expect((await fetched(path, '/debug/pprof/')).toString()).toContain('/debug/pprof/heap');
});

/** What is served at a Unix socket. */
function fetched(socketPath: string, path: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  request({ socketPath, path, signal: AbortSignal.timeout(15_000) }, (response) => resolve(buffer(response)))
    .on('error', reject)
    .end();
  return promise;
}

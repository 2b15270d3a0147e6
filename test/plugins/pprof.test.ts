/** `pprof`: CPU profiles over HTTP at a Unix socket, whose file is nobody else's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pprof } from '../../src/plugins/pprof/pprof.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { deadline } from '../transport/clients.ts';
import { expectProblem } from './problems.ts';
import { type TestHost, makeHost, problemsOf, serve } from './support.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nodens-pprof-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Opened {
  readonly path: string;
  readonly host: TestHost;
  /** What the end of the last generation does. */
  readonly close: () => void;
}

/** A process with the directive in service; each call with the same `shared` is one more generation. */
async function open(path = join(folder(), 'profiles.sock'), shared = new SharedThings()): Promise<Opened> {
  const releases: (() => void)[] = [];
  const close = (): void => {
    for (const release of releases) release();
  };
  onTestFinished(close);
  const host = makeHost({
    shared: (kind, key, create) => {
      const { thing, release } = shared.hold(kind, key, create);
      releases.push(release);
      return thing;
    },
  });
  await serve(pprof, `pprof ${path}`, { host });
  return { path, host, close };
}

function get(socketPath: string, path: string, method = 'GET'): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath, path, method, ...deadline() }, resolve)
    .on('error', reject)
    .end();
  return promise;
}

/** Asks for a profile that is longer than any test, and resolves when it is being taken. */
async function begin({ path, host }: Opened): Promise<{ readonly leave: () => void; readonly left: Promise<void> }> {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const asking = request({ socketPath: path, path: '/debug/pprof/profile?seconds=300' });
  asking.on('error', () => undefined).on('close', resolve);
  asking.end();
  await expect.poll(() => host.takeLines()).toContain('[INFO] plugin/pprof: Taking a CPU profile of 5m');
  return { leave: () => asking.destroy(), left };
}

describe('pprof over HTTP', () => {
  it.each(['/debug/pprof', '/debug/pprof/'])('says at %s what there is', async (at) => {
    const { path } = await open();
    const response = await get(path, at);
    expect(response.statusCode).toBe(200);
    const index = await text(response);
    expect(index).toContain('/debug/pprof/profile?seconds=30');
    expect(index).toContain('/debug/pprof/heap');
  });

  it('gives a CPU profile of the time that was asked for, in which this very function is found', async () => {
    const { path, host } = await open();
    host.takeLines();
    let until = Infinity;
    const keepBusy = (): void => {
      const end = performance.now() + 5;
      while (performance.now() < end);
      if (performance.now() < until) setImmediate(keepBusy);
    };
    keepBusy();
    const began = performance.now();
    const response = await get(path, '/debug/pprof/profile?seconds=1');
    until = 0;
    expect(performance.now() - began).toBeGreaterThanOrEqual(1_000);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-disposition']).toMatch(/^attachment; filename="nodens-\d{8}T\d{6}Z\.cpuprofile"$/);
    const profile: unknown = JSON.parse(await text(response));
    expect(profile).toMatchObject({
      nodes: expect.arrayContaining([
        expect.objectContaining({ callFrame: expect.objectContaining({ functionName: 'keepBusy' }) }),
      ]),
      samples: expect.any(Array),
      timeDeltas: expect.any(Array),
    });
    expect(host.takeLines()).toEqual(['[INFO] plugin/pprof: Taking a CPU profile of 1s']);
  });

  it('takes one at a time, whichever socket it is asked at, and the next when its client has gone away', async () => {
    const shared = new SharedThings();
    const [one, other] = [await open(undefined, shared), await open(undefined, shared)];
    const { leave } = await begin(one);
    for (const { path } of [one, other]) {
      for (const at of ['/debug/pprof/profile?seconds=1', '/debug/pprof/heap']) {
        // oxlint-disable-next-line no-await-in-loop -- one after another
        const refused = await get(path, at);
        expect(refused.statusCode).toBe(429);
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect(await text(refused)).toBe('another profile is being taken; one at a time\n');
      }
    }
    leave();
    const next = async (): Promise<number | undefined> => {
      const response = await get(other.path, '/debug/pprof/profile?seconds=1');
      await text(response);
      return response.statusCode;
    };
    await expect.poll(next, { timeout: 5_000 }).toBe(200);
  });

  it.each([
    ['GET', '/debug/pprof/profile?seconds=0', 400, 'seconds: a whole number from 1 to 300\n'],
    ['GET', '/debug/pprof/profile?seconds=301', 400, 'seconds: a whole number from 1 to 300\n'],
    ['GET', '/debug/pprof/profile?seconds=1.5', 400, 'seconds: a whole number from 1 to 300\n'],
    ['GET', '/debug/pprof/profile?seconds=', 400, 'seconds: a whole number from 1 to 300\n'],
    ['POST', '/debug/pprof/profile', 405, 'GET only\n'],
    ['GET', '/metrics', 404, /^there is only:\n\n\/debug\/pprof\/profile/],
  ])('%s %s is answered with %i', async (method, at, status, said) => {
    const { path } = await open();
    const response = await get(path, at, method);
    expect(response.statusCode).toBe(status);
    expect(await text(response)).toMatch(said);
  });
});

/** A process that listens at a socket and prints a line when it does. */
async function listenElsewhere(path: string): Promise<ChildProcess> {
  const script = `require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data', deadline());
  return child;
}

describe('the socket of pprof', () => {
  it('is its owner’s alone, is told in the log, and is removed at the end', async () => {
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const { path, host, close } = await open();
    const stat = lstatSync(path);
    expect([stat.isSocket(), stat.mode & 0o777]).toEqual([true, 0o600]);
    expect(process.umask()).toBe(0);
    expect(host.takeLines()).toEqual([`[INFO] plugin/pprof: Profiles and heap snapshots at the socket ${path}`]);
    close();
    await expect.poll(() => existsSync(path)).toBe(false);
  });

  it('outlives a reload', async () => {
    const shared = new SharedThings();
    const before = await open(undefined, shared);
    const { ino } = lstatSync(before.path);
    const after = await open(before.path, shared);
    before.close();
    expect(lstatSync(after.path).ino).toBe(ino);
    expect((await get(after.path, '/debug/pprof/')).statusCode).toBe(200);
    expect(after.host.takeLines()).toEqual([]);
    after.close();
    await expect.poll(() => existsSync(after.path)).toBe(false);
  });

  it('replaces the file of a process that is gone', async () => {
    const path = join(folder(), 'profiles.sock');
    const child = await listenElsewhere(path);
    child.kill('SIGKILL');
    await once(child, 'exit', deadline());
    expect(existsSync(path)).toBe(true);
    await open(path);
    expect((await get(path, '/debug/pprof/')).statusCode).toBe(200);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves that of a process that lives, and says so', async () => {
    const path = join(folder(), 'profiles.sock');
    await listenElsewhere(path);
    await expect(open(path)).rejects.toThrow(
      `pprof: the socket ${path} is in use by another process; stop that one, or take another path`,
    );
    expect(existsSync(path)).toBe(true);
  });

  it('leaves a file that is no socket, and says so', async () => {
    const path = join(folder(), 'notes');
    writeFileSync(path, 'not to be lost');
    await expect(open(path)).rejects.toThrow(`pprof: ${path} exists and is no socket; remove it, or take another path`);
    expect(lstatSync(path).isFile()).toBe(true);
  });

  it('says what the system says where it cannot be opened', async () => {
    const path = join(folder(), 'missing', 'profiles.sock');
    await expect(open(path)).rejects.toThrow(
      /^pprof: the socket \S+profiles\.sock cannot be opened: .*(ENOENT|EACCES)/,
    );
  });

  it('ends what is being taken when it is closed', async () => {
    const opened = await open();
    const { left } = await begin(opened);
    opened.close();
    await left;
  });
});

describe('pprof, what is wrong', () => {
  const why =
    /expected: the absolute path of a Unix socket, such as \/run\/nodens\.sock; a port would show what is in memory to the whole cluster/;
  it.each([
    ['pprof', ["'pprof' needs the path of a socket", why]],
    ['pprof localhost:6053', ["'localhost:6053' is no absolute path", why]],
    ['pprof :6053', ["':6053' is no absolute path", why]],
    ['pprof nodens.sock', ["'nodens.sock' is no absolute path", why]],
    [`pprof /${'x'.repeat(103)}`, ['the path is too long for a socket', 'at most 103 octets']],
    ['pprof /a /b', ["'pprof' takes one path"]],
    ['pprof /a {\n  block 1\n}', ["'pprof' takes no block"]],
    ['pprof /a\npprof /b', ["'pprof' can be used once per server block, and stands at Corefile:2:1 already"]],
  ])('%s', (lines, messages) => {
    expectProblem(problemsOf(pprof, lines), ...messages);
  });
});

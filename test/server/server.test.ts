/** The life of a server over real sockets: start, reload in all its outcomes, stop. */
import { once } from 'node:events';
import { rmSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileWatch } from '../../src/server/file-watch.ts';
import { ListenError } from '../../src/server/listeners.ts';
import { ConfigurationError, Server } from '../../src/server/server.ts';
import { deadline } from '../transport/clients.ts';
import { ask, prepare, run, saying, tcp, udp } from './running.ts';
import { freePort } from '../support/free-port.ts';

const WEB = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: 10.96.0.10, ports: [{ port: 80 }] }
`;
const CLUSTER = '. {\nkubernetes cluster.local\n}\n';
const WEB_NAME = 'web.default.svc.cluster.local';

/** True where TCP can be opened at the port: nobody else has it. */
async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host });
  try {
    await once(server, 'listening', deadline());
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close', deadline());
  return true;
}

describe('start', () => {
  it('serves UDP and TCP at the same port of each address', async () => {
    const { server, port } = await run(saying('one', { lines: 'bind 127.0.0.1 127.0.0.2' }));
    expect(server.zones.map(({ zone, address }) => `${zone} ${address}`)).toEqual(['. 127.0.0.1', '. 127.0.0.2']);
    for (const address of ['127.0.0.1', '127.0.0.2']) {
      const clients = [udp(port(address), address), tcp(port(address), address)];
      // oxlint-disable-next-line no-await-in-loop -- one address after the other
      for (const client of await Promise.all(clients)) expect(await ask(client)).toBe('one');
    }
  });

  it('with a broken Corefile says all that is wrong, and opens nothing', async () => {
    const { start } = prepare('. {\nwhoami x\nnope\n}\n');
    await expect(Server.start(start)).rejects.toThrow(ConfigurationError);
    await expect(Server.start(start)).rejects.toThrow(/'whoami' takes no arguments[^]*unknown directive 'nope'/);
  });

  it('with a plugin that cannot be created ends with its reason, and opens nothing', async () => {
    const { start, manifests, reports } = prepare(CLUSTER);
    rmSync(manifests, { recursive: true });
    await expect(Server.start(start)).rejects.toThrow(manifests);
    expect(reports).toEqual([]);
  });

  it('with a port that is taken says so, and closes what it had opened', async () => {
    const port = await freePort();
    const holder = createServer();
    holder.listen({ port, host: '127.0.0.2' });
    await once(holder, 'listening', deadline());
    const { start } = prepare(saying('one', { lines: 'bind 127.0.0.1 127.0.0.2' }), { defaultPort: port });
    await expect(Server.start(start)).rejects.toThrow(ListenError);
    await expect(Server.start(start)).rejects.toThrow(`127.0.0.2 port ${port} is in use`);
    expect(await isFree(port)).toBe(true);
    holder.close();
  });

  it('with one port for DNS and for HTTP names both places, and opens nothing', async () => {
    const port = await freePort();
    const { start } = prepare(`.:${port} {\nbind 127.0.0.1\nwhoami\nhealth :${port}\n}\n`);
    await expect(Server.start(start)).rejects.toThrow(
      new RegExp(
        String.raw`^/health \(\S+:4: :${port}\) and DNS \(\S+:1: \.:${port}\) both want port ${port}; give one of them another$`,
      ),
    );
    expect(await isFree(port)).toBe(true);
  });

  it('with none of its addresses on this machine ends, and with some of them goes on', async () => {
    const gone = prepare(saying('one', { lines: 'bind 203.0.113.1' }));
    await expect(Server.start(gone.start)).rejects.toThrow('none of the addresses to serve can be opened');
    const { server, log } = await run(saying('one', { lines: 'bind 203.0.113.1 127.0.0.1' }));
    expect(server.listening).toHaveLength(1);
    expect(log.count('this machine has no address 203.0.113.1')).toBe(1);
  });
});

describe('reload', () => {
  it('puts the new Corefile in service on the same sockets', async () => {
    const { server, port, configure } = await run(saying('one'));
    const [connection, client] = [await tcp(port()), await udp(port())];
    expect([await ask(connection), await ask(client)]).toEqual(['one', 'one']);
    configure(saying('two'));
    expect(await server.reload()).toBe(true);
    expect([await ask(connection), await ask(client)]).toEqual(['two', 'two']);
  });

  it('of a broken Corefile leaves everything as it was, and the next one works', async () => {
    const { server, port, configure, log } = await run(saying('one'));
    const connection = await tcp(port());
    configure(`${saying('two')}\nnope {\nnope\n}\n`);
    expect(await server.reload()).toBe(false);
    expect(log.count("unknown directive 'nope'")).toBe(1);
    expect(await ask(connection)).toBe('one');
    configure(saying('two'));
    expect(await server.reload()).toBe(true);
    expect(await ask(connection)).toBe('two');
  });

  it('opens an address that is new, closes one that is gone, and keeps the socket of one that stays', async () => {
    const { server, port, configure } = await run(saying('one', { lines: 'bind 127.0.0.1 127.0.0.2' }));
    const staying = await tcp(port('127.0.0.1'));
    const leaving = await tcp(port('127.0.0.2'), '127.0.0.2');
    const left = port('127.0.0.2');
    expect([await ask(staying), await ask(leaving)]).toEqual(['one', 'one']);
    configure(saying('two', { lines: 'bind 127.0.0.1 127.0.0.3' }));
    expect(await server.reload()).toBe(true);
    expect(await ask(staying)).toBe('two');
    expect(await ask(await udp(port('127.0.0.3'), '127.0.0.3'))).toBe('two');
    await leaving.ended;
    expect(await isFree(left, '127.0.0.2')).toBe(true);
    expect(server.listening.map(({ at }) => at.address)).toEqual(['127.0.0.1', '127.0.0.3']);
  });

  it('moves to another port and back', async () => {
    const [first, second] = [await freePort(), await freePort()];
    const { server, configure } = await run(saying('one', { keys: `.:${first}` }));
    for (const [text, to, from] of [
      ['two', second, first],
      ['three', first, second],
    ] as const) {
      configure(saying(text, { keys: `.:${to}` }));
      // oxlint-disable-next-line no-await-in-loop -- there, then back
      expect([await server.reload(), await ask(await udp(to)), await isFree(from)]).toEqual([true, text, true]);
    }
  });

  it('to a port that is taken leaves everything as it was, and closes what it had opened', async () => {
    const taken = await freePort();
    const { server, port, configure, log } = await run(saying('one'));
    const holder = createServer();
    holder.listen({ port: taken, host: '127.0.0.1' });
    await once(holder, 'listening', deadline());
    const other = await freePort();
    configure(saying('two', { keys: `a.test:${other} b.test:${taken}` }));
    expect(await server.reload()).toBe(false);
    expect(log.count(`127.0.0.1 port ${taken} is in use`)).toBe(1);
    expect(await ask(await tcp(port()))).toBe('one');
    expect(await isFree(other)).toBe(true);
    holder.close();
  });

  it('bug: to addresses that the machine lacks closed every socket there was', async () => {
    const { server, port, configure, log } = await run(saying('one'));
    const connection = await tcp(port());
    configure(saying('two', { lines: 'bind 203.0.113.1' }));
    expect(await server.reload()).toBe(false);
    expect(log.count('none of the addresses to serve can be opened')).toBe(1);
    expect(await ask(connection)).toBe('one');
  });

  it('with a plugin that cannot be created leaves everything as it was', async () => {
    const { server, port, configure, log, manifests } = await run(CLUSTER, { manifests: WEB });
    const connection = await tcp(port());
    rmSync(manifests, { recursive: true });
    configure('. {\nkubernetes cluster.local {\nlabels a=b\n}\n}\n');
    expect(await server.reload()).toBe(false);
    expect(log.count('what was served before goes on being served')).toBe(1);
    // The name itself may be gone by now: its folder is.
    expect(await ask(connection, 'dns-version.cluster.local')).toBe('1.1.0');
  });

  it('twice at once does one after the other', async () => {
    const { server, port, configure, log } = await run(saying('one'));
    const connection = await tcp(port());
    configure(saying('two'));
    expect(await Promise.all([server.reload(), server.reload(), server.reload()])).toEqual([true, true, true]);
    expect(await ask(connection)).toBe('two');
    log.writer.flush();
    expect(log.lines.filter((line) => line.startsWith('[INFO] Reloading'))).toEqual(
      Array.from({ length: 3 }, () => ['[INFO] Reloading', '[INFO] Reloading complete']).flat(),
    );
  });

  it('bug: that was under way when the server was stopped put a new generation in service', async () => {
    const { server, configure, log, stores, port } = await run(saying('one'));
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    stores.before = () => {
      reached.resolve();
      return held.promise;
    };
    configure(CLUSTER);
    const connection = await tcp(port());
    const reloading = server.reload();
    await reached.promise;
    const stopping = server.stop();
    held.resolve();
    expect(await reloading).toBe(false);
    await stopping;
    expect(log.count('Reloading complete')).toBe(0);
    expect(log.count('Reloading failed')).toBe(0);
    await Promise.race([connection.ended, connection.closed]);
    expect(server.listening).toEqual([]);
  });

  it('that fails says first what is wrong, and then what is to be known', async () => {
    const { server, configure, log } = await run(saying('one'));
    configure(`. {\nimport nothing/*.conf\nnope\n}\n`);
    expect(await server.reload()).toBe(false);
    expect(log.count('what was served before goes on being served:')).toBe(1);
    expect(log.lines.find((line) => line.includes('Reloading failed'))).toMatch(/:3:1: unknown directive 'nope'$/);
    expect(log.count('note: no files match')).toBe(1);
  });

  it('turns debug lines on and off', async () => {
    const { server, configure, log } = await run(saying('one'));
    expect(log.writer.debugging).toBe(false);
    configure(saying('one', { lines: 'debug' }));
    await server.reload();
    expect(log.writer.debugging).toBe(true);
    configure(saying('one'));
    await server.reload();
    expect(log.writer.debugging).toBe(false);
  });
});

describe('a store of manifests', () => {
  const skipped = (reports: readonly string[]): number => reports.filter((line) => line.includes('values.yaml')).length;

  it('is opened once for all blocks that read it, and kept over a reload', async () => {
    const two = '. {\nkubernetes cluster.local\n}\nother.test {\nkubernetes\n}\n';
    const { server, port, configure, reports, stores } = await run(two, { manifests: WEB });
    expect([stores.acquired, skipped(reports)]).toEqual([2, 1]);
    configure(`${two}third.test {\nkubernetes {\nttl 7\n}\n}\n`);
    expect(await server.reload()).toBe(true);
    expect([stores.acquired, skipped(reports)]).toEqual([5, 1]);
    for (const zone of ['cluster.local', 'other.test', 'third.test']) {
      // oxlint-disable-next-line no-await-in-loop -- one zone after another
      expect(await ask(await udp(port()), `web.default.svc.${zone}`, 'A')).toBe('10.96.0.10');
    }
  });

  it('of other objects is another', async () => {
    const { server, port, configure, reports } = await run(CLUSTER, { manifests: WEB });
    configure('. {\nkubernetes cluster.local {\nlabels tier=front\n}\n}\n');
    expect(await server.reload()).toBe(true);
    expect(skipped(reports)).toBe(2);
    expect(await ask(await udp(port()), WEB_NAME, 'A')).toBe('NXDOMAIN');
  });

  it('is closed with the last that reads it, and opened again for the next', async () => {
    const { server, port, configure, reports, manifests } = await run(CLUSTER, { manifests: WEB });
    configure(saying('none'));
    expect(await server.reload()).toBe(true);
    writeFileSync(join(manifests, 'cluster.yaml'), WEB.replace('10.96.0.10', '10.96.0.11'));
    configure(CLUSTER);
    expect(await server.reload()).toBe(true);
    expect(skipped(reports)).toBe(2);
    expect(await ask(await udp(port()), WEB_NAME, 'A')).toBe('10.96.0.11');
  });
});

describe('stop', () => {
  it('closes every socket, and clients that wait for nothing with it', async () => {
    const { server, port } = await run(saying('one'));
    const connection = await tcp(port());
    expect(await ask(connection)).toBe('one');
    const before = port();
    await server.stop();
    await connection.ended;
    expect(server.listening).toEqual([]);
    expect(await isFree(before)).toBe(true);
    expect(await server.reload()).toBe(false);
  });

  it('is one, however often it is asked for, answers meanwhile, and ends at once with close', async () => {
    const { server, port, log } = await run(saying('one', { lines: 'health 127.0.0.1:0 {\nlameduck 1h\n}' }));
    const [connection, client] = [await tcp(port()), await udp(port())];
    const first = server.stop();
    expect(server.stop()).toBe(first);
    expect(await server.reload()).toBe(false);
    expect([await ask(connection), await ask(client), await ask(await tcp(port()))]).toEqual(['one', 'one', 'one']);
    const before = port();
    await server.close();
    await first;
    expect(server.listening).toEqual([]);
    expect(await isFree(before)).toBe(true);
    expect(log.count('lameduck mode')).toBe(1);
  });

  it.each(['stop', 'close'] as const)('bug: %s while a reload was under way left its sockets open', async (end) => {
    const other = await freePort();
    const { server, configure, stores, log, port } = await run(CLUSTER, { manifests: WEB });
    const before = port();
    const [reached, go] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    stores.before = async () => {
      reached.resolve(undefined);
      await go.promise;
    };
    configure(CLUSTER.replace('. {', `.:${other} {`));
    const reload = server.reload();
    await reached.promise;
    await server[end]();
    go.resolve(undefined);
    expect(await reload).toBe(false);
    expect(server.listening).toEqual([]);
    expect([await isFree(other), await isFree(before)]).toEqual([true, true]);
    expect(log.count('Reloading failed')).toBe(0);
  });
});

describe('the files of a Corefile with `reload`', () => {
  const reloading = (text: string): string => saying(text, { lines: 'reload 1h 1s' });

  it('are followed: a change is served, a broken one is told once, the next is served', async () => {
    const { port, configure, log } = await run(reloading('one'));
    const connection = await tcp(port());
    configure(reloading('two'));
    await log.until('Reloading complete');
    expect(await ask(connection)).toBe('two');
    configure('nope {\nnope\n}\n');
    await log.until("unknown directive 'nope'");
    expect(await ask(connection)).toBe('two');
    configure(reloading('three'));
    await log.until('Reloading complete', 2);
    expect(await ask(connection)).toBe('three');
    expect(log.count('Reloading failed')).toBe(1);
  });

  it('are tried again without a change where it was something else that failed', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const taken = address !== null && typeof address === 'object' ? address.port : 0;
    const { port, configure, log } = await run(saying('one', { lines: 'reload 2s 0' }));
    configure(saying('two', { lines: `reload 2s 0\nprometheus 127.0.0.1:${taken}` }));
    await log.until(`127.0.0.1 port ${taken} for /metrics is in use by another program; give another in`);
    expect(await ask(await tcp(port()))).toBe('one');
    holder.close();
    await log.until('Reloading complete');
    expect(await ask(await tcp(port()))).toBe('two');
  });

  it('are followed where they are imported, from the reload on that names them', async () => {
    const { folder, configure, log, port } = await run(reloading('one'));
    writeFileSync(join(folder, 'more'), saying('imported', { keys: 'more.test' }));
    configure(`${reloading('two')}import more\n`);
    await log.until('Reloading complete');
    const connection = await tcp(port());
    expect(await ask(connection, 'x.more.test')).toBe('imported');
    writeFileSync(join(folder, 'more'), saying('changed', { keys: 'more.test' }));
    await log.until('Reloading complete', 2);
    expect(await ask(connection, 'x.more.test')).toBe('changed');
  });

  it('bug: a change that came while the last one was being put in service was not seen', async () => {
    const second = 'cluster.local {\nkubernetes\n}\n';
    const { port, configure, log, stores, server, folder } = await run(reloading('one') + second, { manifests: WEB });
    configure(reloading('two') + second);
    // Newer than what the reload has read; and the watch that it comes to is replaced before its events have settled.
    stores.before = async () => {
      stores.before = () => Promise.resolve();
      const seen = watch(folder);
      configure(reloading('three'));
      await once(seen, 'change', deadline());
      seen.close();
    };
    await server.reload();
    await log.until('Reloading complete', 2);
    expect(await ask(await tcp(port()))).toBe('three');
  });

  it('bug: several changes that waited for one reload made one reload each', async () => {
    const { configure, log, stores, server, folder } = await run(reloading('one'), { manifests: WEB });
    const go = Promise.withResolvers<undefined>();
    configure(`${reloading('two')}cluster.local {\nkubernetes\n}\n`);
    stores.before = () => go.promise;
    const reload = server.reload();
    await log.until('[INFO] Reloading');
    configure(reloading('three'));
    for (let i = 0; i < 3; i++) {
      // oxlint-disable-next-line no-await-in-loop -- each is an event of its own, which waits for the reload under way
      await settled(folder, () => writeFileSync(join(folder, `unrelated-${i}`), ''));
    }
    go.resolve(undefined);
    await reload;
    await log.until('Reloading complete', 2);
    // Comes after any reload that was asked for by then.
    await server.reload();
    log.writer.flush();
    expect(log.lines.filter((line) => line === '[INFO] Reloading')).toHaveLength(3);
  });
});

/** Resolves when a watch that was opened after the server's own has told of a change in the folder. */
async function settled(folder: string, change: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const seen = new FileWatch([folder], { interval: 3_600_000, jitter: 0 }, () => resolve(undefined));
  change();
  await promise;
  seen.close();
}

describe('the addresses of the machine', () => {
  it('bug: that cannot be read for a moment ended the program', async () => {
    const { start, log } = prepare(saying('one'));
    let broken = false;
    const ownAddresses = {
      refresh: () => {
        if (broken) throw new Error('EMFILE: too many open files');
      },
    };
    const server = await Server.start(start);
    start.parts.ownAddresses.refresh = ownAddresses.refresh;
    broken = true;
    await expect(server.refreshAddresses()).resolves.toBeUndefined();
    expect(log.count('EMFILE')).toBe(1);
    await server.close();
  });
});

/** A clean stop with a lame duck: what is answered meanwhile, how it ends, and what signals do to it. */
import { writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { dataOf, reply } from './ask.ts';
import { folder } from './folder.ts';
import { started } from './started.ts';

const onLoopback = ['--bind', '127.0.0.1', '-dns.port', '0'];

/** A server block that answers `a.test` with `address`. */
const answering = (address: string, more = ''): string =>
  `. {\n${more}    hosts {\n        ${address} a.test\n    }\n}\n`;

/** A Corefile whose stop takes its time. */
const lameDuck = (lines: string): string => answering('192.0.2.1', `health 127.0.0.1:0 {\n${lines}\n}\n`);

/** Asks over UDP at a steady rate, whether answers come or not. */
class Asking {
  readonly #socket = createSocket('udp4');
  readonly #timer: NodeJS.Timeout;
  readonly #answered = new Set<number>();
  #asked = 0;

  /** @param every milliseconds */
  constructor(port: number, every: number) {
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (message) => void this.#answered.add(packet.decode(message).id));
    this.#timer = setInterval(() => {
      this.#socket.send(queryOf(this.#asked++), port, '127.0.0.1', () => undefined);
    }, every);
  }

  /** Ends it. Resolves when all is answered, and after a second. */
  async end(): Promise<{ readonly asked: number; readonly answered: number }> {
    clearInterval(this.#timer);
    const deadline = performance.now() + 1_000;
    while (this.#answered.size < this.#asked && performance.now() < deadline) {
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    this.#socket.close();
    return { asked: this.#asked, answered: this.#answered.size };
  }
}

const queryOf = (id: number): Buffer =>
  packet.encode({ type: 'query', id, questions: [{ name: 'a.test', type: 'A' }] });

/** Opens a connection, asks once, and resolves with the response code. */
async function askOverTcp(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const query = queryOf(1);
  socket.end(Buffer.concat([Buffer.of(0, query.length), query]));
  return packet.decode((await buffer(socket)).subarray(2)).rcode;
}

describe('a clean stop', () => {
  it('SIGTERM with `lameduck` answers on for as long as queries come, and says how many came late', async () => {
    const program = started(onLoopback, { cwd: folder({ Corefile: lameDuck('lameduck 500ms') }) });
    const port = await program.port();
    program.signal('SIGTERM');
    await program.printed(/Going into lameduck mode for 500ms/);
    const asking = new Asking(port, 20);
    const began = performance.now();
    while (performance.now() - began < 1_500) {
      // oxlint-disable-next-line no-await-in-loop -- connection after connection
      expect(await askOverTcp(port)).toBe('NOERROR');
    }
    const { asked, answered } = await asking.end();
    expect(answered).toBe(asked);
    const { code, signal, stdout } = await program.ended();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeGreaterThan(3_000);
    const [, all, late] =
      /^\[INFO\] (\d+) late queries served, (\d+) of them after the lame-duck time of 500ms; none came for 2s\n$/m.exec(
        stdout,
      ) ?? [];
    expect(Number(all)).toBeGreaterThan(asked);
    expect(Number(late)).toBeGreaterThan(asked / 2);
    expect(Number(late)).toBeLessThan(Number(all));
  });

  it('SIGTERM is the end within `stop_within`, whatever still comes', async () => {
    const program = started(onLoopback, { cwd: folder({ Corefile: lameDuck('lameduck 100ms\nstop_within 7500ms') }) });
    const port = await program.port();
    const asking = new Asking(port, 20);
    const began = performance.now();
    program.signal('SIGTERM');
    const { code, stdout } = await program.ended();
    expect(performance.now() - began).toBeLessThan(7_500);
    await asking.end();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\[WARNING\] [1-9]\d* late queries served, [1-9]\d* of them after the lame-duck time of 100ms; they still came when the time for them was over \('stop_within' of health\)\n$/m,
    );
  });

  it('SIGINT ends a clean stop at once', async () => {
    const program = started(onLoopback, { cwd: folder({ Corefile: lameDuck('lameduck 1h') }) });
    await program.port();
    program.signal('SIGTERM');
    await program.printed(/Going into lameduck mode for 1h/);
    program.signal('SIGINT');
    const { code, stdout } = await program.ended();
    expect(code).toBe(0);
    expect(stdout).toMatch(/Going into lameduck mode for 1h\n\[INFO\] SIGINT: Shutting down\n$/);
  });

  it('SIGUSR1 during a clean stop reloads nothing, which is told', async () => {
    const cwd = folder({ Corefile: lameDuck('lameduck 1h') });
    const program = started(onLoopback, { cwd });
    const port = await program.port();
    program.signal('SIGTERM');
    await program.printed(/Going into lameduck mode/);
    writeFileSync(`${cwd}/Corefile`, answering('192.0.2.2'));
    program.signal('SIGUSR1');
    await program.printed(/^\[INFO\] SIGUSR1: not reloaded, the server is stopping\n/m);
    expect(dataOf(await reply(port, { name: 'a.test', type: 'A' }))).toEqual(['192.0.2.1']);
    expect(program.stdout).not.toContain('Reloading');
  });
});

/** Log lines: as CoreDNS writes them, gathered, and never at the cost of memory or answers. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { LogWriter, streamSink } from '../../src/telemetry/logger.ts';

/** A sink that takes everything that is handed to it, and says that it wants no more for as long as it is told to. */
class TestSink {
  readonly writes: string[] = [];
  refusing = false;
  readonly #callbacks: (() => void)[] = [];

  write(lines: string): boolean {
    this.writes.push(lines);
    return !this.refusing;
  }

  drained(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  drain(): void {
    for (const callback of this.#callbacks.splice(0)) callback();
  }
}

function makeLog(): { readonly sink: TestSink; readonly log: LogWriter } {
  const sink = new TestSink();
  return { sink, log: new LogWriter(sink) };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('lines', () => {
  it('begin with their level and whose they are', () => {
    const { sink, log } = makeLog();
    const [server, plugin] = [log.logger(), log.logger('plugin/errors: ')];
    server.info('Reloading');
    plugin.warning('w');
    plugin.error('e');
    log.write('a whole line\n');
    plugin.plain('{"a":1}');
    log.flush();
    expect(sink.writes.join('')).toBe(
      '[INFO] Reloading\n[WARNING] plugin/errors: w\n[ERROR] plugin/errors: e\na whole line\n{"a":1}\n',
    );
  });

  it('of debugging are written only while that is on', () => {
    const { sink, log } = makeLog();
    const logger = log.logger('plugin/x: ');
    logger.debug('before');
    log.debugging = true;
    logger.debug('during');
    log.debugging = false;
    logger.debug('after');
    log.flush();
    expect(sink.writes).toEqual(['[DEBUG] plugin/x: during\n']);
  });

  it('leave together, once per turn of the event loop', async () => {
    const { sink, log } = makeLog();
    for (let i = 0; i < 100; i++) log.write(`${i}\n`);
    expect(sink.writes).toEqual([]);
    await turn();
    expect(sink.writes).toEqual([Array.from({ length: 100 }, (_, i) => `${i}\n`).join('')]);
    log.write('next\n');
    await turn();
    expect(sink.writes).toHaveLength(2);
  });

  it('leave at once where that is asked for, and not twice', async () => {
    const { sink, log } = makeLog();
    log.write('a\n');
    log.flush();
    log.flush();
    await turn();
    expect(sink.writes).toEqual(['a\n']);
  });
});

describe('a sink that wants no more', () => {
  it('is handed nothing until it has drained, then what has waited', async () => {
    const { sink, log } = makeLog();
    sink.refusing = true;
    log.write('a\n');
    await turn();
    log.write('b\n');
    log.write('c\n');
    await turn();
    log.flush();
    expect(sink.writes).toEqual(['a\n']);
    sink.drain();
    expect(sink.writes).toEqual(['a\n', 'b\nc\n']);
    sink.refusing = false;
    sink.drain();
    log.write('d\n');
    await turn();
    expect(sink.writes).toEqual(['a\n', 'b\nc\n', 'd\n']);
  });

  it('costs lines beyond the bound, which are counted and told', async () => {
    const { sink, log } = makeLog();
    sink.refusing = true;
    log.write('first\n');
    await turn();
    const line = `${'x'.repeat(1023)}\n`;
    const fitting = Math.floor(bounds.logWaiting / line.length);
    for (let i = 0; i < fitting + 7; i++) log.write(line);
    sink.refusing = false;
    sink.drain();
    const [, waited = ''] = sink.writes;
    expect(waited.slice(0, fitting * line.length)).toBe(line.repeat(fitting));
    expect(waited.slice(fitting * line.length)).toBe('[WARNING] 7 log lines were dropped\n');
    expect(log.dropped).toBe(7);
    log.write('after\n');
    await turn();
    expect(sink.writes.at(-1)).toBe('after\n');
  });

  it('holds no more than the bound, however long it takes', async () => {
    const { sink, log } = makeLog();
    sink.refusing = true;
    log.write('first\n');
    await turn();
    for (let i = 0; i < 200_000; i++) log.write('a line of some forty characters, more or less\n');
    sink.drain();
    expect(sink.writes.at(-1)?.length).toBeLessThanOrEqual(bounds.logWaiting + 64);
  });
});

describe('a flood within one turn', () => {
  it('bug: lines that were dropped with a sink that takes everything were never told', async () => {
    const { sink, log } = makeLog();
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 2 * (bounds.logWaiting / line.length); i++) log.write(line);
    await turn();
    expect(sink.writes.join('')).toMatch(/\n\[WARNING\] 1024 log lines were dropped\n$/);
  });

  it('a line longer than the bound is dropped like any other', async () => {
    const { sink, log } = makeLog();
    log.write(`${'x'.repeat(bounds.logWaiting)}\n`);
    log.write('short\n');
    await turn();
    expect(sink.writes).toEqual(['short\n[WARNING] 1 log lines were dropped\n']);
  });
});

describe('a stream as a sink', () => {
  it('writes, waits for it to drain, and goes on', async () => {
    const taken: string[] = [];
    let release = (): void => undefined;
    const stream = new Writable({
      highWaterMark: 4,
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        taken.push(chunk);
        release = done;
      },
    });
    const log = new LogWriter(streamSink(stream));
    log.write('first line\n');
    await turn();
    log.write('second line\n');
    await turn();
    expect(taken).toEqual(['first line\n']);
    release();
    await turn();
    expect(taken).toEqual(['first line\n', 'second line\n']);
  });

  it('whose reader has gone costs its lines and not the program', async () => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('EPIPE'));
      },
    });
    const log = new LogWriter(streamSink(stream));
    for (let i = 0; i < 3; i++) {
      log.write('a line\n');
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await turn();
    }
    expect(stream.errored?.message).toBe('EPIPE');
  });
});

/** A process with sockets in batches: how it idles, collects its garbage, and ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { deadline } from '../clients.ts';
import { ask, describeBatches, udpClient } from '../fixtures.ts';

interface Child {
  readonly port: number;
  /** Says something to the child, which answers. */
  say(word: string): Promise<unknown>;
  tell(word: string): void;
  /** Exit status or signal, with all that it wrote to stderr. */
  readonly ended: Promise<{ readonly code: unknown; readonly stderr: string }>;
}

/**
 * A process that opens a listener with the handler, an expression, and has nothing else to do. `onWord`, statements, runs for each word
 * that it is told; `reply` is then a function.
 */
async function childWith(handler: string, onWord: string, flags: readonly string[] = []): Promise<Child> {
  const module = new URL('../../../src/transport/udp-batch/udp-batch.ts', import.meta.url).href;
  const script = `
    import { openUdpBatch } from ${JSON.stringify(module)};
    const echo = ({ octets, start, end, reply }) => { reply.set(octets.subarray(start, end)); return end - start; };
    const textOf = ({ octets, start, end }) => octets.toString('latin1', start, end);
    const report = (line) => process.stderr.write(line + '\\n');
    const listener = await openUdpBatch({ address: '127.0.0.1', port: 0, handler: ${handler}, report });
    const reply = (message) => process.send(message);
    process.on('message', async (word) => { ${onWord} });
    reply(listener.bound[0].port);`;
  const args = [...flags, '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const chunks: string[] = [];
  child.stderr?.on('data', (chunk) => chunks.push(String(chunk)));
  const ended = once(child, 'close', deadline()).then(([code, signal]: unknown[]) => ({
    code: code ?? signal,
    stderr: chunks.join(''),
  }));
  ended.catch(() => undefined);
  const [port] = await once(child, 'message', deadline());
  return {
    port: Number(port),
    ended,
    tell: (word) => void child.send(word),
    say: async (word) => {
      const answer = once(child, 'message', deadline());
      child.send(word);
      const [message] = await answer;
      return message;
    },
  };
}

describeBatches('an idle process', () => {
  it('runs the promise jobs of a handler at once', async () => {
    const child = await childWith(
      `(exchange) => {
        const text = textOf(exchange);
        const handle = exchange.defer();
        const answer = async () => {
          for (let i = 0; i < 5; i++) await undefined;
          await new Promise((resolve) => process.nextTick(resolve));
          handle.send(Buffer.from(text));
        };
        void answer();
        return -1;
      }`,
      '',
    );
    const client = await udpClient(child.port);
    const times: number[] = [];
    for (let i = 0; i < 10; i++) {
      const begin = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- the loop of the process has fallen idle before each
      expect(await ask(client, `request ${i}`)).toBe(`request ${i}`);
      times.push(performance.now() - begin);
    }
    expect(Math.min(...times)).toBeLessThan(50);
  });

  it('runs the promise jobs of a request that failed', async () => {
    const child = await childWith(
      `(exchange) => {
        Promise.resolve().then(() => process.send('ran'));
        throw new Error('handler is broken');
      }`,
      '',
    );
    const ran = child.say('listen');
    (await udpClient(child.port)).send(Buffer.from('x'));
    expect(await ran).toBe('ran');
  });
});

describeBatches('a process that collects its garbage all the time', () => {
  it('answers every request with its own reply', async () => {
    const child = await childWith(
      `(exchange) => {
        if (!textOf(exchange).startsWith('later')) return echo(exchange);
        const request = Buffer.from(textOf(exchange));
        const handle = exchange.defer();
        setImmediate(() => handle.send(request));
        return -1;
      }`,
      `if (word === 'collect') setInterval(() => gc(), 1);
       if (word === 'counts') reply(listener.counts);`,
      ['--expose-gc'],
    );
    child.tell('collect');
    const client = await udpClient(child.port);
    for (let round = 0; round < 100; round++) {
      const texts = Array.from({ length: 50 }, (_, i) => `${i % 5 === 0 ? 'later' : 'now'} ${round} ${i}`);
      for (const text of texts) client.send(Buffer.from(text));
      // oxlint-disable-next-line no-await-in-loop -- a burst at a time
      const replies = await Promise.all(texts.map(() => client.receive()));
      expect(replies.map(String).toSorted()).toEqual(texts.toSorted());
    }
    expect(await child.say('counts')).toMatchObject({ requests: 5_000, failed: 0, unsent: 0 });
  });
});

describeBatches('a process that ends with open sockets', () => {
  /** Keeps requests coming while the process ends. */
  async function underLoad(child: Child, word: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
    const client = await udpClient(child.port);
    const burst = setInterval(() => {
      for (let i = 0; i < 50; i++) client.send(Buffer.from('load'));
    }, 1);
    try {
      await ask(client, 'load');
      child.tell(word);
      return await child.ended;
    } finally {
      clearInterval(burst);
    }
  }

  it.each([
    ['by process.exit', 'echo', 'process.exit(7)', 7],
    ['by process.exit in a later turn', 'echo', 'setImmediate(() => process.exit(7))', 7],
    ['by an exception that nobody catches', 'echo', "setTimeout(() => { throw new Error('on purpose'); }, 1)", 1],
    ['by a promise that is rejected', 'echo', "Promise.reject(new Error('on purpose'))", 1],
    [
      'by process.exit in the handler',
      '(exchange) => { if (globalThis.isOver) process.exit(7); return echo(exchange); }',
      'globalThis.isOver = true',
      7,
    ],
    ['when they have been closed', 'echo', 'await listener.close(); process.disconnect();', 0],
    ['when they have been stopped', 'echo', 'await listener.stop(100); process.disconnect();', 0],
  ])('%s does so in the ordinary way', async (_, handler, onWord, code) => {
    const child = await childWith(handler, onWord);
    const ended = await underLoad(child, 'end');
    expect(ended.code).toBe(code);
    if (code !== 1) expect(ended.stderr).toBe('');
  });
});

describeBatches('the warning that node:ffi is experimental', () => {
  it('is held back, and no other', async () => {
    const child = await childWith(
      'echo',
      "process.emitWarning('something else', 'ExperimentalWarning'); process.disconnect(); await listener.close();",
    );
    child.tell('warn');
    const { code, stderr } = await child.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('ExperimentalWarning: something else');
    expect(stderr).not.toContain('FFI');
  });
});

/** A server that is its own upstream, straight or by way of another one: `loop` ends it before it does harm. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, run } from './program.ts';
import { freePort } from '../support/free-port.ts';

describe('loop', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nodens-loop-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (name: string, port: number, upstream: number, further: string): string => {
    const path = join(folder, name);
    writeFileSync(
      path,
      `.:${port} {\n    bind 127.0.0.1\n    errors\n${further}    forward . 127.0.0.1:${upstream}\n    loop\n}\n`,
    );
    return path;
  };

  it('ends a server that forwards to itself, and says what to read', async () => {
    const port = await freePort();
    const { code, stdout } = await run(['-conf', write('itself', port, port, '    cache 30\n')], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      new RegExp(
        String.raw`^\[FATAL\] plugin/loop: Loop \(127\.0\.0\.1:\d+ -> 127\.0\.0\.1:${port}\) detected for zone "\.", ` +
          String.raw`see https://coredns\.io/plugins/loop#troubleshooting\. Query: "HINFO [\da-f]+\.[\da-f]+\."$`,
        'm',
      ),
    );
  });

  it('ends one of two servers that forward to each other, or both', async () => {
    const [here, there] = [await freePort(), await freePort()];
    const first = new Program(['-conf', write('first', here, there, '')], { cwd: folder });
    const second = new Program(['-conf', write('second', there, here, '')], { cwd: folder });
    try {
      const { code, stdout } = await Promise.race([first.ended(), second.ended()]);
      expect(code).toBe(1);
      expect(stdout).toContain('[FATAL] plugin/loop: Loop (');
    } finally {
      await Promise.all([first.kill(), second.kill()]);
    }
  });
});

/** What `cache` keeps of names that `hosts` does not have outlives a reload, as long as the file says the same. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { TcpOptions } from '../../../src/transport/tcp.ts';
import { SilentListener, Side } from '../../server/answer-cache/equality/side.ts';
import { requestOf } from '../../server/answer-cache/requests.ts';
import { FakeClock } from '../support.ts';

vi.mock('../../../src/transport/tcp.ts', () => ({
  openTcp: ({ handler }: TcpOptions) => Promise.resolve(new SilentListener('tcp', handler, () => undefined)),
}));

/** Counts questions to the upstream: of a first query, an equal one, one behind a reload, and one behind another with another file. */
async function asked(between: string): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-reload-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const hosts = join(folder, 'HOSTS');
  writeFileSync(hosts, '192.0.2.5 other.test\n');
  const corefile = `. {\ncache 300\nforward . 198.51.100.1\n${between.replace('HOSTS', hosts)}\n}\n`;
  const outside = { revision: 0, failing: false };
  const side = await Side.start({ clock: new FakeClock(), outside, corefile, folder, ownAddresses: [] }, 0);
  onTestFinished(() => side.close());
  const ask = async (): Promise<number> => {
    await side.ask({ request: requestOf({ name: 'many.example' }), ends: {}, before: 0 });
    await side.idle();
    return side.askedUpstream;
  };
  const counts = [await ask(), await ask()];
  await side.reload();
  counts.push(await ask());
  writeFileSync(hosts, '192.0.2.55 another.test\n');
  await side.reload();
  counts.push(await ask());
  return counts;
}

it.each([
  ['', [1, 1, 1, 1]],
  ['hosts HOSTS {\nfallthrough\n}', [1, 1, 1, 2]],
  ['hosts HOSTS {\n192.0.2.6 box.test\nfallthrough\n}', [1, 1, 1, 2]],
])('with "%s"', async (between, counts) => {
  expect(await asked(between)).toEqual(counts);
});

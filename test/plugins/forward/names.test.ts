/** Host names in TO that the system is asked for. */
import { expect, it, vi } from 'vitest';
import { forward } from '../../../src/plugins/forward/forward.ts';
import { configure } from '../support.ts';
import { FakeNetwork, makeForwardHost } from './support.ts';

const lookup = vi.hoisted(() => vi.fn<() => Promise<{ address: string }[]>>());
vi.mock('node:dns/promises', () => ({ lookup }));

it.each([
  ['ENOTFOUND', 'no such name'],
  ['EAI_AGAIN', 'no answer from its nameservers'],
  ['ENOMEM', 'ENOMEM'],
])('that the system does not know (%s) are named with their place', async (code, words) => {
  lookup.mockRejectedValueOnce(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
  const { setup } = configure(forward, 'forward . 192.0.2.1 dns.example.invalid');
  await expect(Promise.resolve(setup?.create(makeForwardHost(new FakeNetwork())))).rejects.toThrow(
    `Corefile:2:21: the host name 'dns.example.invalid' has no address (asked the system: ${words})`,
  );
});

it('that the system knows are asked', async () => {
  lookup.mockResolvedValueOnce([{ address: '192.0.2.7' }]);
  const { setup } = configure(forward, 'forward . dns.example');
  const running = await setup?.create(makeForwardHost(new FakeNetwork()));
  expect(running?.plugin?.name).toBe('forward');
  running?.close?.();
});

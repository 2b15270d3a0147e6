/** All that holds for a TCP connection holds for one with TLS: the tests are the same. */
import { vi } from 'vitest';
import type * as Fixtures from './fixtures.ts';

vi.mock('./fixtures.ts', async (original) => {
  const fixtures = await original<typeof Fixtures>();
  return { ...fixtures, STREAM: 'TLS', openOneTcp: fixtures.openOneTls, tcpClient: fixtures.tlsClient };
});

await import('./tcp-connection.test.ts');

/** A server for the length of one test. */
import { onTestFinished } from 'vitest';
import type { ApiServerOptions } from './options.ts';
import { ApiServer } from './server.ts';

/** It is closed when the test is over. */
export async function running(options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = await ApiServer.open(options);
  onTestFinished(() => server.close());
  return server;
}

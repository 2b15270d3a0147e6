/** Nothing of a listener that was stopped or closed keeps the process alive. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deadline } from './clients.ts';
import { batches } from './fixtures.ts';

const transport = (file: string): string =>
  JSON.stringify(new URL(`../../src/transport/${file}`, import.meta.url).href);

/** Where the ways to speak UDP come from. */
const dgram = `
    import { openUdp } from ${transport('udp.ts')};
    import { openUdpWildcard } from ${transport('udp-wildcard.ts')};`;
const batch = `
    import { openUdpBatch as openUdp, openUdpBatchWildcard as openUdpWildcard } from ${transport('udp-batch/udp-batch.ts')};`;
const ways = batches.kind === 'ready' ? { dgram, batch } : { dgram };

/** Opens all transports, leaves requests unanswered on each, closes the listeners, and has nothing else to do. */
function script(udp: string, ending: string): string {
  return `
    import { createSocket } from 'node:dgram';
    import { once } from 'node:events';
    import { connect } from 'node:net';
    import { openTcp } from ${transport('tcp.ts')};
    ${udp}

    const asked = Promise.withResolvers();
    let requests = 0;
    const handler = (exchange) => { exchange.defer(); if (++requests === 3) asked.resolve(); return -1; };
    const options = { address: '127.0.0.1', port: 0, handler, report: console.error };
    const listeners = await Promise.all([
      openUdp(options),
      openUdpWildcard({ ...options, interfaces: () => ['127.0.0.1', '127.0.0.2'] }),
      openTcp(options),
    ]);
    const client = createSocket('udp4');
    client.send('x', listeners[0].bound[0].port, '127.0.0.1');
    client.send('x', listeners[1].bound[0].port, '127.0.0.1');
    const connection = connect({ port: listeners[2].bound[0].port, host: '127.0.0.1', allowHalfOpen: true });
    connection.on('error', () => {}).unref();
    connection.write(Buffer.from([0, 1, 1]));
    await asked.promise;
    client.close();
    await Promise.all(listeners.map((listener) => ${ending}));
    console.log('closed');`;
}

describe.each(['listener.close()', 'listener.stop(30)'])('after %s', (ending) => {
  it.each(Object.entries(ways))('the process ends by itself, with UDP over %s', async (_, udp) => {
    const args = ['--input-type=module', '--eval', script(udp, ending)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill());
    const said = once(child.stdout, 'data', deadline());
    const [code] = await once(child, 'exit', deadline());
    expect(code).toBe(0);
    expect(String((await said)[0])).toContain('closed');
  });
});

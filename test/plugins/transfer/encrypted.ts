/** The zone of a cluster over TLS and over HTTPS, on a free port, and a message over each with Node's own clients. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { onTestFinished } from 'vitest';
import { Server } from '../../../src/server/server.ts';
import { prepare } from '../../server/running.ts';
import { freePort } from '../../support/free-port.ts';
import { keyPairs } from '../../support/upstreams/certificates.ts';
import { deadline, stream } from '../../transport/clients.ts';
import { TRANSFERRED, manifestsWith } from './zones.ts';

export type Encryption = 'tls' | 'https';

/** Serves the zone; gives the port. */
export async function serveEncrypted(scheme: Encryption, endpoints: number): Promise<number> {
  const port = await freePort();
  const { start, folder } = prepare(`${scheme}://.:${port} {\ntls server.pem server.key\n${TRANSFERRED}\n}\n`, {
    manifests: manifestsWith(endpoints),
  });
  writeFileSync(join(folder, 'server.pem'), keyPairs.server.cert);
  writeFileSync(join(folder, 'server.key'), keyPairs.server.key);
  const server = await Server.start(start);
  onTestFinished(() => server.close());
  return port;
}

/** Sends one message; resolves with the first that comes back. */
export function askEncrypted(scheme: Encryption, port: number, message: Buffer): Promise<Buffer> {
  return scheme === 'tls' ? askTls(port, message) : askHttps(port, message);
}

function askTls(port: number, message: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['dot'] });
  onTestFinished(() => void socket.destroy());
  deadline().signal.addEventListener('abort', () => reject(new Error('no reply before the deadline')));
  let received = Buffer.alloc(0);
  socket.on('error', reject);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
    }
  });
  socket.write(stream([message]));
  return promise;
}

function askHttps(port: number, message: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const asking = request({
    port,
    host: '127.0.0.1',
    path: '/dns-query',
    method: 'POST',
    headers: { 'content-type': 'application/dns-message' },
    rejectUnauthorized: false,
    agent: false,
    signal: deadline().signal,
  });
  asking.on('error', reject);
  asking.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve(Buffer.concat(chunks)));
  });
  asking.end(message);
  return promise;
}

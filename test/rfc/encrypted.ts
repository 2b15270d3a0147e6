/** A running server that is asked over TLS and HTTPS, for the documents about those. */
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import { run } from '../server/running.ts';
import { freePort } from '../support/free-port.ts';
import { TcpClient } from '../transport/clients.ts';

const pem = (name: string): string =>
  fileURLToPath(new URL(`../support/upstreams/certificates/${name}`, import.meta.url));

export const TLS = `tls ${pem('server.pem')} ${pem('server.key')}`;

const LONG = 'x'.repeat(200);

/** `x.test` has an address for 42 s, `long.test` a text, and everything else does not exist. */
const ZONE = `
template IN A x.test {
answer "{{ .Name }} 42 IN A 192.0.2.1"
}
template IN TXT long.test {
answer "{{ .Name }} 42 IN TXT ${LONG} ${LONG} ${LONG}"
}
template ANY ANY {
rcode NXDOMAIN
authority "test. 300 IN SOA ns.test. hostmaster.test. 1 2 3 4 17"
}
`;

/** The port of a server with one block for this scheme. */
export async function serve(scheme: 'dns' | 'tls' | 'https', lines = scheme === 'dns' ? '' : TLS): Promise<number> {
  const port = await freePort();
  await run(`${scheme}://.:${port} {\n${lines}\n${ZONE}\n}\n`);
  return port;
}

export async function overTls(port: number, options: ConnectionOptions = {}): Promise<TcpClient> {
  const client = await TcpClient.connectTls(port, options);
  onTestFinished(() => client.close());
  return client;
}

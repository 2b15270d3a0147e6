/** A kubeconfig for a server, as JSON, which is YAML too. */
import type { KeyPair } from './certificates.ts';

export interface Credentials {
  readonly token?: string;
  readonly client?: KeyPair;
}

const NAME = 'test';

/** `ca` is PEM. */
export function kubeconfig(
  server: { readonly url: string; readonly ca: string },
  credentials: Credentials = {},
): string {
  const { token, client } = credentials;
  const user = {
    ...(token === undefined ? {} : { token }),
    ...(client === undefined
      ? {}
      : { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) }),
  };
  const isSecure = server.url.startsWith('https:');
  const cluster = { server: server.url, ...(isSecure ? { 'certificate-authority-data': base64(server.ca) } : {}) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster }],
    users: [{ name: NAME, user }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
    'current-context': NAME,
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

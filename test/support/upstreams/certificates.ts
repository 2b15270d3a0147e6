/**
 * The certificates of the upstreams in tests, as PEM texts. `certificates/make.sh` made them with OpenSSL, valid from 2020
 * to 2120, and says what each of them is; Node itself can make keys, but no certificates.
 */
import { readFileSync } from 'node:fs';

function pem(file: string): string {
  return readFileSync(new URL(`certificates/${file}`, import.meta.url), 'utf8');
}

/** The name that the servers' certificates bear, beside 127.0.0.1 and ::1. */
export const SERVER_NAME = 'dns.example.test';

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Who signed `server`, `expired` and `client`. */
export const authority = pem('authority.pem');

export const keyPairs = {
  server: { cert: pem('server.pem'), key: pem('server.key') },
  expired: { cert: pem('expired.pem'), key: pem('server.key') },
  /** Signed by itself. */
  stranger: { cert: pem('stranger.pem'), key: pem('stranger.key') },
  client: { cert: pem('client.pem'), key: pem('client.key') },
} as const satisfies Readonly<Record<string, KeyPair>>;

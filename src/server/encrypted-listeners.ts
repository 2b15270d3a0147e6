/**
 * What listeners for DNS over TLS and HTTPS have beside those for plain DNS: `tls` of their blocks made ready for handshakes,
 * and their HTTP responses counted.
 */
import { appendFileSync } from 'node:fs';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { TlsTerminator } from '../transport/tls-terminator.ts';
import { type Served, serverLabel } from './generation.ts';
import { ListenError } from './listeners.ts';
import { messageOf } from './message-of.ts';
import { whereText } from './listen-address.ts';

/** What is chosen by ALPN: RFC 7858's registration, and HTTP. */
const PROTOCOLS = { dns: [], tls: ['dot'], https: ['h2', 'http/1.1'] } as const;

/** Only their owner may read the secrets of connections. */
const SECRET_MODE = 0o600;

/**
 * Undefined where connections are not encrypted.
 * @throws ListenError where the certificate or key cannot be used
 */
export function terminatorOf({ at, tls }: Pick<Served, 'at' | 'tls'>, log: Logger): TlsTerminator | undefined {
  if (tls === undefined || at.scheme === 'dns') return undefined;
  const { keylog } = tls;
  try {
    return new TlsTerminator({
      ...tls,
      protocols: PROTOCOLS[at.scheme],
      keylog: keylog === undefined ? undefined : (line) => appendSecret(keylog, line, log),
    });
  } catch (error) {
    throw new ListenError(`${whereText(at)}: 'tls' cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

/** In the same tick: it is for one who looks at a handful of connections, and a line that comes late is of no use. */
function appendSecret(path: string, line: Buffer, log: Logger): void {
  try {
    appendFileSync(path, line, { mode: SECRET_MODE });
  } catch (error) {
    log.warning(`plugin/tls: keylog: ${messageOf(error)}`);
  }
}

/** What counts the HTTP responses of a listener by their status; undefined where there are none. */
export function httpCounts(metrics: Metrics, { at }: Pick<Served, 'at'>): ((status: number) => void) | undefined {
  if (at.scheme !== 'https') return undefined;
  const responses = metrics.counter('coredns_dns_https_responses_total', 'Responses over HTTPS.', ['server', 'status']);
  const byStatus = new Map<number, ReturnType<typeof responses.with>>();
  return (status) => {
    let series = byStatus.get(status);
    if (series === undefined) {
      series = responses.with(serverLabel(at), String(status));
      byStatus.set(status, series);
    }
    series.add();
  };
}

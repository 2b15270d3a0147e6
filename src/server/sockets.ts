/**
 * Everything that listens for one server, and how it goes from one generation to the next.
 *
 *     generation ─► prepare: opens what is new beside what serves ─┬─► swap   in one tick, in service
 *                                                                  └─► undo   closed again, nothing has changed
 */
import { bounds } from '../bounds.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Exchange, RequestHandler } from '../transport/transport.ts';
import type { UdpTransport } from '../transport/udp-transport.ts';
import { AnswerCounts } from './answer-counts.ts';
import type { Generation, ProcessParts } from './generation.ts';
import { HttpListeners } from './http-listeners.ts';
import { httpCounts, terminatorOf } from './encrypted-listeners.ts';
import { ListenError, Listeners, type Prepared, type WantedListener, limitsOf } from './listeners.ts';
import { messageOf } from './message-of.ts';
import { overlap, placeText } from './listen-address.ts';
import { type PanicReport, Responder, panicText } from './responder.ts';

/** All that listens: what is for DNS, and what is for health, readiness and metrics. */
export interface Sockets {
  readonly listeners: Listeners;
  readonly http: HttpListeners;
}

export function openSockets(log: Logger, udp: UdpTransport): Sockets {
  return {
    listeners: new Listeners({ udp, report: (line) => log.warning(line) }),
    http: new HttpListeners((error) => log.error(`HTTP: ${messageOf(error)}`)),
  };
}

/**
 * Opens all that a generation wants and that is not open yet. `swap` puts it in service in one tick, and gives the DNS
 * sockets that nobody wants any more; `undo`, in its place, closes again what was opened.
 * @throws HttpListenError, ListenError; nothing is open then that was not before
 */
export async function prepare(
  { listeners, http }: Sockets,
  generation: Generation,
  parts: ProcessParts,
): Promise<Prepared> {
  forbidSharedPorts(generation);
  const forHttp = await http.prepare(generation.http);
  try {
    const forDns = await listeners.prepare(handlersOf(generation, parts));
    return {
      swap: () => {
        forHttp.swap();
        parts.answers?.clear();
        return forDns.swap();
      },
      undo: () => {
        forHttp.undo();
        forDns.undo();
      },
    };
  } catch (error) {
    forHttp.undo();
    throw error;
  }
}

/** DNS over TCP and HTTP cannot have one port. @throws ListenError */
function forbidSharedPorts({ http, served }: Generation): void {
  for (const { at, paths } of http.values()) {
    const clash = [...served.values()].find(({ at: dns }) => overlap(at, dns) && at.port !== 0);
    if (clash === undefined) continue;
    const { portFrom } = clash.at;
    const [one, other] = [at.from, portFrom].map((token) => (token === undefined ? '' : ` (${placeText(token)})`));
    const what = `${[...paths.keys()].join(' and ')}${one} and DNS${other}`;
    throw new ListenError(`${what} both want port ${at.port}; give one of them another`);
  }
}

function handlersOf(generation: Generation, parts: ProcessParts): ReadonlyMap<string, WantedListener> {
  const log = parts.log.logger();
  const panics = parts.metrics.counter('coredns_panics_total', 'Exceptions that answering a query ended in.').with();
  return new Map(
    [...generation.served].map(([key, served]) => {
      const { at, router, timeouts, httpsConnections } = served;
      const isEncrypted = at.scheme !== 'dns';
      const counts = new AnswerCounts(parts.metrics, router.server);
      const panic: PanicReport = (error, question) => {
        panics.add();
        log.error(panicText(error, question));
      };
      const idle = timeouts?.idle ?? bounds.tcpIdle;
      const answers = parts.answers?.forListener(parts.metrics, router.server);
      const { facts } = parts;
      const responder = new Responder({ resolver: router, facts, counts, panic, idle, answers, isEncrypted });
      const handler: RequestHandler = Object.assign((exchange: Exchange) => responder.respond(exchange), {
        lookahead: answers,
      });
      const limits = {
        ...limitsOf(timeouts),
        ...(httpsConnections === undefined ? {} : { dohConnections: httpsConnections }),
      };
      return [
        key,
        { at, handler, limits, tls: terminatorOf(served, log), responded: httpCounts(parts.metrics, served) },
      ] as const;
    }),
  );
}

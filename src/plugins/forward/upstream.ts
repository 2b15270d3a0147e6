/**
 * One upstream: the lines that lead to it, its health, and what was learnt about it. It belongs to the process, is known
 * by everything that it was made from, and outlives the reload of a Corefile that still names it.
 */
import { Class, Flag, Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Endpoint, TlsSettings, UpstreamProtocol } from '../network.ts';
import { UpstreamAttempt } from './attempt.ts';
import { type CheckResult, Health, type SendCheck } from './health.ts';
import { Line, type LineOwner, type LineParts } from './line.ts';
import { type PlainProtocol, Request } from './request.ts';
import { StateLines } from './state-lines.ts';

/** Everything that an upstream is made from. Times in milliseconds. */
export interface UpstreamSettings {
  /** How it is asked; `dns` for plain UDP and TCP. */
  readonly scheme: 'dns' | 'tls' | 'https';
  readonly to: Endpoint;
  readonly source: string | undefined;
  /** For `tls` and `https`. */
  readonly tls: TlsSettings | undefined;
  readonly method: 'GET' | 'POST';
  readonly expire: number;
  readonly maxAge: number;
  readonly maxIdle: number;
  readonly connectTimeout: number;
  readonly check: CheckSettings;
}

export interface CheckSettings {
  readonly interval: number;
  readonly maxFails: number;
  readonly recursion: boolean;
  readonly domain: Name;
  /** Over what a plain upstream is checked. */
  readonly protocol: PlainProtocol;
}

/** Time for the answer to a health check. */
const CHECK_TIME = 1_000;
/** Time for which an upstream that cannot read EDNS is asked without it. */
const PLAIN_TIME = 60_000;

export class Upstream implements LineOwner {
  /** `192.0.2.1:53`, `[2001:db8::1]:53` */
  readonly name: string;
  readonly health: Health;
  readonly #settings: UpstreamSettings;
  readonly #parts: LineParts;
  readonly #lines = new Map<UpstreamProtocol, Line>();
  /** Messages that find out whether anybody is there, one at a time over each line. */
  readonly #probes = new Map<Line, { cancel(): void }>();
  #plainUntil: number | undefined;
  #closed = false;

  constructor(settings: UpstreamSettings, parts: LineParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.name = endpointText(settings.to);
    const { checkFailures } = parts.counts.upstream(this.name);
    this.health = new Health(settings.check, parts.clock, checkFailures, (done) =>
      this.#sendCheck(this.#checked, done),
    );
  }

  /** The line for a client's protocol. TLS and HTTPS lead there over themselves alone. */
  line(plain: PlainProtocol): Line {
    const { scheme } = this.#settings;
    const protocol = scheme === 'dns' ? plain : scheme;
    const known = this.#lines.get(protocol);
    if (known !== undefined) return known;
    const { to, source, tls, method, expire, maxAge, maxIdle, connectTimeout } = this.#settings;
    const target = { protocol, to, source, tls, method, idle: expire, maxAge, maxIdle, connectTimeout };
    const line = new Line(target, this.name, this.#parts, this);
    this.#lines.set(protocol, line);
    return line;
  }

  /** Says in the log, from now on, when it goes out of use and when it is back. */
  announce(logger: Logger): void {
    if (!this.health.isTold) this.health.tell(new StateLines(this.name, this.#parts.clock, logger));
  }

  heard(now: number): void {
    this.health.heard(now);
  }

  /**
   * A reply to what was sent over this line at `sentAt` is late: finds out whether anybody is there. Over a line that health
   * checks do not take, or where there are none, by a message that nothing depends on but that.
   */
  doubt(line: Line, sentAt: number): void {
    if (line.lastHeard >= sentAt) return;
    this.health.doubt(sentAt);
    if ((this.health.checked && line === this.#checked) || this.#closed || this.#probes.has(line)) return;
    this.#probes.set(
      line,
      this.#sendCheck(line, () => this.#probes.delete(line)),
    );
  }

  /** False for a while after it showed that it cannot read EDNS. */
  get readsEdns(): boolean {
    return this.#plainUntil === undefined || this.#parts.clock.monotonic() >= this.#plainUntil;
  }

  /** It answered without EDNS what it could not read with it. */
  cannotReadEdns(): void {
    this.#plainUntil = this.#parts.clock.monotonic() + PLAIN_TIME;
  }

  /** Ends checks at once, and connections when nobody waits on them any more. */
  close(): void {
    this.#closed = true;
    this.health.close();
    for (const probe of this.#probes.values()) probe.cancel();
    for (const line of this.#lines.values()) line.close();
  }

  /** The line that health checks take. */
  get #checked(): Line {
    return this.line(this.#settings.check.protocol);
  }

  #sendCheck(line: Line, done: Parameters<SendCheck>[0]): { cancel(): void } {
    const { domain, recursion } = this.#settings.check;
    const request = new Request(
      { name: domain, type: Type.NS, class: Class.IN },
      { flags: recursion ? Flag.RD : 0, dnssecOk: false, udpSize: Infinity, options: [], mixCase: false },
    );
    const end = (result: CheckResult): void => {
      clearTimeout(timer);
      done(result);
    };
    const attempt = new UpstreamAttempt(line, request, this.readsEdns ? request.edns : 'none', {
      replied: () => end('answered'),
      failed: (_, { kind }) => end(kind === 'socket-limit' || kind === 'octet-limit' ? 'unsent' : 'unanswered'),
    });
    const timer = setTimeout(() => {
      attempt.cancel();
      // A failure that does not repeat the question shows that somebody is there.
      done(attempt.bare === undefined ? 'unanswered' : 'answered');
    }, CHECK_TIME);
    timer.unref();
    return {
      cancel: () => {
        clearTimeout(timer);
        attempt.cancel();
      },
    };
  }
}

/** As CoreDNS writes it in metrics and errors. */
export function endpointText({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

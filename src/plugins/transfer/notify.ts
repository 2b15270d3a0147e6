/**
 * Tells the secondaries of a zone that it has changed (RFC 1996): at once, but not more often than every few seconds, since
 * the zone of a cluster changes all the time; what a change in between was about, the next message says.
 *
 *     changed() ──► ZoneNotifier ──┬─► Secondary ──► NOTIFY ──► acknowledged
 *         at most one in INTERVAL  └─► Secondary      └─ silence: again after 1, 2, 4, 8 seconds
 */
import { Rcode, rcodeName } from '../../dns/constants.ts';
import type { SoaRRset } from '../../dns/rrset.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { NeighbourZone } from '../neighbours.ts';
import type { Attempt, Channel, Endpoint } from '../network.ts';
import type { NotifyResult } from './counts.ts';
import { notifyMessage, rcodeOfReply } from './notify-message.ts';

/** Milliseconds between two messages about one zone. */
const INTERVAL = 5_000;
/** Milliseconds that the reply to a message may take; each next one may take twice as long. */
const FIRST_WAIT = 1_000;
/** Messages about one change; what is lost in all of them, the timers of the SOA make up for. */
const TRIES = 5;

export interface NotifyParts {
  readonly log: Logger;
  readonly count: (result: NotifyResult) => void;
}

/** Whom to tell, and how. */
export interface NotifiedSecondary {
  readonly at: Endpoint;
  readonly channel: Channel;
}

export class ZoneNotifier {
  readonly #zone: NeighbourZone;
  readonly #secondaries: readonly Secondary[];
  /** Runs for as long as no message may be sent. */
  #pause: NodeJS.Timeout | undefined;
  #isDue = false;
  readonly #unwatch: (() => void) | undefined;

  /** Tells them now, and after each change. */
  constructor(zone: NeighbourZone, secondaries: readonly NotifiedSecondary[], parts: NotifyParts) {
    this.#zone = zone;
    this.#secondaries = secondaries.map((one) => new Secondary(one, parts));
    this.#unwatch = zone.onChange?.(() => this.#changed());
    this.#changed();
  }

  close(): void {
    this.#unwatch?.();
    clearTimeout(this.#pause);
    for (const secondary of this.#secondaries) secondary.close();
  }

  #changed(): void {
    this.#isDue = true;
    if (this.#pause === undefined) this.#tell();
  }

  #tell(): void {
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#isDue) this.#tell();
    }, INTERVAL).unref();
    // While the content is not known, nobody could transfer it.
    const soa = this.#zone.contents()?.soa;
    if (soa === undefined) return;
    this.#isDue = false;
    for (const secondary of this.#secondaries) secondary.tell(soa);
  }
}

/** One secondary and what it has been told of one zone. */
class Secondary {
  readonly #at: Endpoint;
  readonly #channel: Channel;
  readonly #parts: NotifyParts;
  #attempt: Attempt | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Messages without a reply since the last one, over all changes. */
  #silences = 0;
  /** What was last said of it in the log. */
  #complaint = '';

  constructor({ at, channel }: NotifiedSecondary, parts: NotifyParts) {
    this.#at = at;
    this.#channel = channel;
    this.#parts = parts;
  }

  /** Gives up what it was told before. */
  tell(soa: SoaRRset): void {
    this.close();
    this.#send(soa, TRIES, FIRST_WAIT);
  }

  close(): void {
    this.#attempt?.cancel();
    clearTimeout(this.#timer);
  }

  #send(soa: SoaRRset, tries: number, wait: number): void {
    const message = notifyMessage(soa);
    this.#attempt = this.#channel.send(message.octets, {
      received: (octets, from) => {
        if (from.address !== this.#at.address || from.port !== this.#at.port) return false;
        const rcode = rcodeOfReply(octets, message, soa);
        if (rcode === undefined) return false;
        this.#replied(rcode, soa);
        return true;
      },
      // What cannot be sent now may be sent later: it is the same as silence.
      failed: () => undefined,
    });
    this.#timer = setTimeout(() => this.#unanswered(soa, tries, wait), wait).unref();
  }

  #replied(rcode: number, soa: SoaRRset): void {
    clearTimeout(this.#timer);
    this.#silences = 0;
    const isTaken = rcode === Rcode.NOERROR;
    this.#parts.count(isTaken ? 'acknowledged' : 'refused');
    this.#complain(isTaken ? '' : `answers NOTIFY for ${soa.owner.toLowerCase()} with ${rcodeName(rcode)}`);
  }

  #unanswered(soa: SoaRRset, tries: number, wait: number): void {
    this.#attempt?.cancel();
    this.#parts.count('silent');
    if (++this.#silences >= TRIES) this.#complain(`does not answer NOTIFY for ${soa.owner.toLowerCase()}`);
    if (tries > 1) this.#send(soa, tries - 1, wait * 2);
  }

  /** One line for each new state. */
  #complain(text: string): void {
    if (text === this.#complaint) return;
    this.#complaint = text;
    if (text !== '') this.#parts.log.warning(`${this.#at.address} port ${this.#at.port} ${text}`);
  }
}

/**
 * Asks this server questions of its own until one is answered, each for a new name. Out: the names, before they are asked
 * for, and the moment from which none of them will be seen any more.
 *
 *     start ──► name 1 ──nothing──► name 2 ──nothing──► …   30 s ──► over
 *                  └──reply──► 2 s ──► over
 *
 * The names hold 128 random bits from the system's generator: whoever could foresee one could ask for it and make the
 * server end (CVE-2026-26018).
 */
import { randomBytes, randomInt } from 'node:crypto';
import { Class, Flag, Rcode, Type } from '../../dns/constants.ts';
import { readHeader, readMessage } from '../../dns/message.ts';
import { Name } from '../../dns/name.ts';
import { MessageWriter } from '../../dns/writer.ts';
import type { Attempt, Channel, Endpoint, Network } from '../network.ts';
import type { Clock } from '../plugin.ts';

/** Octets of each of the two random labels. */
const LABEL_OCTETS = 8;
/** Milliseconds: for all names; for a reply to one; after a failure; in which a loop still shows after a reply. */
const GIVE_UP = 30_000;
const REPLY = 2_000;
const PAUSE = 1_000;
const AFTER_REPLY = 2_000;
/** A question without EDNS. */
const QUESTION_OCTETS = 512;

export interface ProberListener {
  asking(name: Name): void;
  /** Not called after `stop`. */
  over(): void;
}

export class LoopProber {
  readonly #endpoints: readonly Endpoint[];
  readonly #zone: Name;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #listener: ProberListener;
  readonly #channels = new Map<Endpoint, Channel>();
  #deadline = 0;
  #tries = 0;
  #attempt: Attempt | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param endpoints tried in turn */
  constructor(
    endpoints: readonly Endpoint[],
    zone: Name,
    parts: { readonly network: Network; readonly clock: Clock },
    listener: ProberListener,
  ) {
    this.#endpoints = endpoints;
    this.#zone = zone;
    this.#network = parts.network;
    this.#clock = parts.clock;
    this.#listener = listener;
  }

  start(): void {
    this.#deadline = this.#clock.monotonic() + GIVE_UP;
    this.#ask();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#attempt?.cancel();
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #ask(): void {
    this.#attempt?.cancel();
    const endpoint = this.#endpoints[this.#tries++ % this.#endpoints.length];
    const name = this.#randomName();
    // A zone may be so long that no label fits in front of it.
    if (endpoint === undefined || name === undefined || this.#clock.monotonic() >= this.#deadline) {
      this.#end();
      return;
    }
    this.#listener.asking(name);
    const id = randomInt(0x1_0000);
    this.#attempt = this.#channel(endpoint).send(messageFor(id, name), {
      received: (octets, from) => {
        if (from.port !== endpoint.port || !isReply(octets, id, name)) return false;
        this.#attempt = undefined;
        this.#in(AFTER_REPLY, () => this.#end());
        return true;
      },
      failed: () => {
        this.#attempt = undefined;
        this.#in(PAUSE, () => this.#ask());
      },
    });
    this.#in(REPLY, () => this.#ask());
  }

  #end(): void {
    this.stop();
    this.#listener.over();
  }

  #in(delay: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, delay).unref();
  }

  #randomName(): Name | undefined {
    const label = (): string => randomBytes(LABEL_OCTETS).toString('hex');
    return Name.fromLabels([label(), label()], this.#zone);
  }

  #channel(to: Endpoint): Channel {
    const known = this.#channels.get(to);
    if (known !== undefined) return known;
    const unused = { source: undefined, tls: undefined, idle: 0, maxAge: 0, maxIdle: 0 };
    const channel = this.#network.channel({ ...unused, protocol: 'udp', to, method: 'POST', connectTimeout: REPLY });
    this.#channels.set(to, channel);
    return channel;
  }
}

function messageFor(id: number, name: Name): Uint8Array {
  const target = new Uint8Array(QUESTION_OCTETS);
  const question = { name, type: Type.HINFO, class: Class.IN };
  const nothing = { answers: [], authority: [], additional: [], edns: undefined };
  const length = new MessageWriter().write(target, target.length, {
    id,
    flags: Flag.RD,
    rcode: Rcode.NOERROR,
    question,
    ...nothing,
  });
  return target.subarray(0, length);
}

function isReply(octets: Uint8Array, id: number, name: Name): boolean {
  const header = readHeader(octets);
  if (header === undefined || header.id !== id || (header.flags & Flag.QR) === 0) return false;
  const read = readMessage(octets, header);
  const question = read.kind === 'message' ? read.message.question : read.question;
  return question?.type === Type.HINFO && question.name.equals(name);
}

/**
 * Puts the compact form of an EndpointSlice together, address by address.
 */
import { formatAddress, parseAddress, readIPv4 } from '../../dns/address.ts';
import { addressWidth, type Column, columnOf, type EndpointSlice, type ServicePort } from '../objects.ts';

/** What is known of the endpoint that an address belongs to; empty texts where nothing is. */
export interface EndpointFacts {
  readonly hostname: string;
  readonly target: string;
  readonly zone: string;
}

/** Addresses that a builder has room for at first. */
const FIRST_ROOM = 16;

export class SliceBuilder {
  readonly family: 4 | 6;
  readonly #width: number;
  #octets: Uint8Array;
  /** Ready addresses so far. */
  #count = 0;
  readonly #hostnames = new ColumnBuilder();
  readonly #targets = new ColumnBuilder();
  readonly #zones = new ColumnBuilder();
  readonly #texts = new ColumnBuilder();
  #notReady = 0;

  constructor(family: 4 | 6) {
    this.family = family;
    this.#width = addressWidth(family);
    this.#octets = new Uint8Array(FIRST_ROOM * this.#width);
  }

  /** True while neither a ready nor an unready address has been added. */
  get isEmpty(): boolean {
    return this.#count === 0 && this.#notReady === 0;
  }

  /** Adds a ready address in text form; false where it is no address of this family. */
  addText(text: string, facts: EndpointFacts): boolean {
    if (this.family === 4) {
      this.#makeRoom();
      if (!readIPv4(text, this.#octets, this.#count * this.#width)) return false;
      // There is one way only to write an IPv4 address.
      this.#added(facts, '');
      return true;
    }
    const octets = parseAddress(text);
    if (octets === undefined || octets.length !== this.#width) return false;
    this.add(octets, facts, formatAddress(octets) === text ? '' : text);
    return true;
  }

  /** Adds a ready address of this family; `text` where it was not written as `formatAddress` writes it. */
  add(octets: Uint8Array, facts: EndpointFacts, text = ''): void {
    this.#makeRoom();
    this.#octets.set(octets, this.#count * this.#width);
    this.#added(facts, text);
  }

  /** Counts addresses that are left out because their endpoint is not ready. */
  addNotReady(count: number): void {
    this.#notReady += count;
  }

  build(namespace: string, name: string, service: string, ports: readonly ServicePort[]): EndpointSlice {
    return {
      namespace,
      name,
      service,
      family: this.family,
      ports,
      addresses: this.#octets.slice(0, this.#count * this.#width),
      notReady: this.#notReady,
      hostnames: this.#hostnames.column,
      targets: this.#targets.column,
      zones: this.#zones.column,
      texts: this.#texts.column,
    };
  }

  #added(facts: EndpointFacts, text: string): void {
    const at = this.#count++;
    this.#hostnames.set(at, facts.hostname);
    this.#targets.set(at, facts.target);
    this.#zones.set(at, facts.zone);
    this.#texts.set(at, text);
  }

  #makeRoom(): void {
    if ((this.#count + 1) * this.#width <= this.#octets.length) return;
    const larger = new Uint8Array(this.#octets.length * 2);
    larger.set(this.#octets);
    this.#octets = larger;
  }
}

/** A column that takes no room while all its texts are empty. */
class ColumnBuilder {
  #texts: string[] | undefined;

  set(at: number, text: string): void {
    if (text === '' && this.#texts === undefined) return;
    this.#texts ??= Array.from({ length: at }, () => '');
    this.#texts[at] = text;
  }

  get column(): Column {
    return this.#texts === undefined ? undefined : columnOf(this.#texts);
  }
}

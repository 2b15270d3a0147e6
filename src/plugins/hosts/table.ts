/**
 * The content of hosts files, ready for look-ups. In: lines such as `10.0.0.1 db db.internal  # comment`. Out: the
 * addresses of a name, the names of an address.
 *
 * Names are kept in lower case. `*.x` stands for every name with exactly one label more than `x`, unless that name has
 * entries of its own.
 */
import { bounds } from '../../bounds.ts';
import { isIP } from 'node:net';
import { parseAddress } from '../../dns/address.ts';
import { Name } from '../../dns/name.ts';

export interface HostsEntry {
  /** 4 or 16. */
  readonly octets: Uint8Array;
  readonly names: readonly Name[];
}

/** An entry; nothing on this line; or why the line is none. */
export type HostsLine = HostsEntry | 'nothing' | { readonly fault: string };

export function parseHostsLine(line: string): HostsLine {
  const comment = line.indexOf('#');
  const words = (comment < 0 ? line : line.slice(0, comment)).trim().split(/\s+/);
  const [address = '', ...texts] = words;
  if (address === '') return 'nothing';
  const octets = parseHostsAddress(address);
  if (octets === undefined) return { fault: `'${address}' is no address` };
  if (texts.length === 0) return { fault: `no name follows the address ${address}` };
  const names: Name[] = [];
  for (const text of texts) {
    const name = /^[\x21-\x7e]+$/.test(text) ? Name.parse(text.toLowerCase()) : undefined;
    if (name === undefined) return { fault: `'${text}' is no name` };
    names.push(name);
  }
  return { octets, names };
}

/** The octets of an address; a zone identifier is dropped, and an IPv4 address in IPv6 form is one of IPv4. */
export function parseHostsAddress(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  if (isIP(bare) === 0) return undefined;
  const octets = parseAddress(bare);
  if (octets === undefined || octets.length === 4) return octets;
  const mapped = octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff;
  return mapped ? octets.slice(12) : octets;
}

interface AddressNames {
  readonly octets: Uint8Array;
  readonly names: string[];
}

/** A map over another one, which it never changes: what is not here is looked up there. */
class Layer<T> {
  readonly #own = new Map<string, T>();
  readonly #below: Layer<T> | undefined;

  constructor(below: Layer<T> | undefined) {
    this.#below = below;
  }

  get(key: string): T | undefined {
    return this.#own.get(key) ?? this.#below?.get(key);
  }

  /** What stands in this layer, and may be changed. */
  own(key: string): T | undefined {
    return this.#own.get(key);
  }

  set(key: string, value: T): void {
    this.#own.set(key, value);
  }

  get isEmpty(): boolean {
    return this.#own.size === 0 && (this.#below?.isEmpty ?? true);
  }
}

export class HostsTable {
  readonly #exact: Layer<Uint8Array[]>;
  /** By the name below which the wildcard stands. */
  readonly #wildcards: Layer<Uint8Array[]>;
  readonly #byAddress: Layer<AddressNames>;
  readonly #reverse: boolean;
  /** Names with their addresses that were taken in. */
  size: number;

  /**
   * @param reverse whether names are looked up by address too
   * @param below a table that all that is added stands behind; nothing is added to that one any more
   */
  constructor(reverse: boolean, below?: HostsTable) {
    this.#reverse = reverse;
    this.#exact = new Layer(below && below.#exact);
    this.#wildcards = new Layer(below && below.#wildcards);
    this.#byAddress = new Layer(below && below.#byAddress);
    this.size = below?.size ?? 0;
  }

  /** Takes an entry in; false where a name or the address has too many already, and some of it was left out. */
  add({ octets, names }: HostsEntry): boolean {
    const known = this.#known(octets);
    let complete = true;
    for (const name of names) {
      this.size++;
      const wildcard = name.labelCount > 1 && name.label(0) === '*';
      const map = wildcard ? this.#wildcards : this.#exact;
      const key = wildcard ? name.key.slice(name.starts[1]) : name.key;
      if (!addTo(map, key, known.octets)) complete = false;
      if (this.#reverse && !wildcard && !addName(known.names, name)) complete = false;
    }
    return complete;
  }

  /** The addresses of a name, of both families, in the order of the file; undefined where the name has none. */
  addressesOf(name: Name): readonly Uint8Array[] | undefined {
    const exact = this.#exact.get(name.key);
    if (exact !== undefined || this.#wildcards.isEmpty || name.labelCount < 2) return exact;
    return this.#wildcards.get(name.key.slice(name.starts[1]));
  }

  /** The names of an address in presentation form, in the order of the file. */
  namesOf(octets: Uint8Array): readonly string[] {
    return this.#byAddress.get(keyOf(octets))?.names ?? [];
  }

  /** What is known of an address; its octets are kept once, however many names it has. */
  #known(octets: Uint8Array): AddressNames {
    const key = keyOf(octets);
    const known = this.#byAddress.own(key);
    if (known !== undefined) return known;
    const below = this.#byAddress.get(key);
    const fresh: AddressNames = below === undefined ? { octets, names: [] } : { ...below, names: [...below.names] };
    this.#byAddress.set(key, fresh);
    return fresh;
  }
}

function keyOf(octets: Uint8Array): string {
  return String.fromCharCode(...octets);
}

function addTo(map: Layer<Uint8Array[]>, key: string, octets: Uint8Array): boolean {
  const addresses = map.own(key) ?? map.get(key)?.slice();
  if (addresses === undefined) {
    map.set(key, [octets]);
    return true;
  }
  // Equal addresses are the same object, as `#known` gives them.
  if (addresses.includes(octets)) return true;
  if (addresses.length >= bounds.hostsPerName) return false;
  addresses.push(octets);
  map.set(key, addresses);
  return true;
}

/** Beyond the bound it does not matter whether the name is one of those that are there. */
function addName(names: string[], name: Name): boolean {
  if (names.length >= bounds.hostsPerName) return false;
  const text = name.toString();
  if (!names.includes(text)) names.push(text);
  return true;
}

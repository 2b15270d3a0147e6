/**
 * Proofs that something does not exist, out of the records of a signed zone: NSEC (RFC 4035 §3.1.3) or NSEC3 (RFC 5155 §7.2).
 * In: what was asked and what was found. Out: nodes whose NSEC or NSEC3 record, with its signature, belongs in the authority
 * section; none where the zone is not signed.
 */
import { createHash } from 'node:crypto';
import { Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { uint16At } from '../../dns/octets.ts';
import { canonicalKey } from './canonical.ts';
import type { Zone, ZoneNode } from './zone.ts';

/** More iterations than this are not computed for anybody (RFC 9276 §3.2); such a zone is answered without proofs. */
const MAX_ITERATIONS = 150;
const SHA1 = 1;
const BASE32 = '0123456789abcdefghijklmnopqrstuv';

export interface Denial {
  /** The type of the records that prove: NSEC or NSEC3. */
  readonly type: number;
  /** There is no such name, and no wildcard that stands for it. */
  noName(name: Name, encloser: ZoneNode): readonly ZoneNode[];
  /** The name exists and has no such record. */
  noData(node: ZoneNode): readonly ZoneNode[];
  /** The name itself does not exist: the answer came of a wildcard. */
  expanded(name: Name, encloser: ZoneNode): readonly ZoneNode[];
  /** The same, and the wildcard has no such record. */
  noWildcardData(name: Name, encloser: ZoneNode, wildcard: ZoneNode): readonly ZoneNode[];
}

const NOTHING: readonly ZoneNode[] = [];

const UNSIGNED: Denial = {
  type: 0,
  noName: () => NOTHING,
  noData: () => NOTHING,
  expanded: () => NOTHING,
  noWildcardData: () => NOTHING,
};

export function denialOf(zone: Zone): Denial {
  if (zone.parts.nsec.length > 0) return new NsecDenial(zone);
  if (zone.parts.nsec3.length === 0) return UNSIGNED;
  const parameters = readParameters(zone.parts.apex);
  return parameters === undefined ? UNSIGNED : new Nsec3Denial(zone, parameters);
}

/** Each node once. */
function distinct(...nodes: readonly (ZoneNode | undefined)[]): readonly ZoneNode[] {
  return [...new Set(nodes)].filter((node) => node !== undefined);
}

function wildcardOf(encloser: ZoneNode): Name {
  return Name.fromLabels(['*'], encloser.owner) ?? encloser.owner;
}

/** The index of the last item whose key is not greater; the last of all where there is none, as the chain is a ring. */
function lastNotAfter(count: number, isAfter: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAfter(middle)) high = middle;
    else low = middle + 1;
  }
  return low === 0 ? count - 1 : low - 1;
}

class NsecDenial implements Denial {
  readonly type = Type.NSEC;
  readonly #nsec: Zone['parts']['nsec'];

  constructor(zone: Zone) {
    this.#nsec = zone.parts.nsec;
  }

  noName(name: Name, encloser: ZoneNode): readonly ZoneNode[] {
    return distinct(this.#covering(name), this.#covering(wildcardOf(encloser)));
  }

  noData(node: ZoneNode): readonly ZoneNode[] {
    return distinct(this.#covering(node.owner));
  }

  expanded(name: Name): readonly ZoneNode[] {
    return distinct(this.#covering(name));
  }

  noWildcardData(name: Name, _encloser: ZoneNode, wildcard: ZoneNode): readonly ZoneNode[] {
    return distinct(this.#covering(wildcard.owner), this.#covering(name));
  }

  /** Of the name itself, or of the one before it: of an empty non-terminal, too. */
  #covering(name: Name): ZoneNode | undefined {
    const key = canonicalKey(name);
    return this.#nsec[lastNotAfter(this.#nsec.length, (i) => (this.#nsec[i]?.sortKey ?? '') > key)]?.node;
  }
}

interface Parameters {
  readonly iterations: number;
  readonly salt: Uint8Array;
}

/** Of the NSEC3PARAM record (RFC 5155 §4.2); undefined where there is none that can be used. */
function readParameters(apex: ZoneNode): Parameters | undefined {
  const set = apex.set(Type.NSEC3PARAM);
  const data = set?.kind === 'opaque' ? set.data.find((one) => one[0] === SHA1 && one.length >= 5) : undefined;
  if (data === undefined) return undefined;
  const iterations = uint16At(data, 2);
  return iterations > MAX_ITERATIONS ? undefined : { iterations, salt: data.slice(5, 5 + (data[4] ?? 0)) };
}

class Nsec3Denial implements Denial {
  readonly type = Type.NSEC3;
  readonly #nodes: readonly ZoneNode[];
  readonly #zone: Name;
  readonly #parameters: Parameters;

  constructor(zone: Zone, parameters: Parameters) {
    this.#nodes = zone.parts.nsec3;
    this.#zone = zone.name;
    this.#parameters = parameters;
  }

  noName(name: Name, encloser: ZoneNode): readonly ZoneNode[] {
    return distinct(...this.#encloserProof(name, encloser.owner), this.#covering(wildcardOf(encloser)));
  }

  /** A name without a record of its own was left out of the chain (opt-out): then its closest encloser is proved. */
  noData(node: ZoneNode): readonly ZoneNode[] {
    const own = this.#matching(node.owner);
    return own === undefined ? distinct(...this.#encloserProof(node.owner, node.owner.ancestor(1))) : [own];
  }

  expanded(name: Name, encloser: ZoneNode): readonly ZoneNode[] {
    return distinct(this.#covering(nextCloser(name, encloser.owner)));
  }

  noWildcardData(name: Name, encloser: ZoneNode, wildcard: ZoneNode): readonly ZoneNode[] {
    return distinct(...this.#encloserProof(name, encloser.owner), this.#matching(wildcard.owner));
  }

  /** RFC 5155 §7.2.1: the closest encloser that is in the chain, and that nothing is between it and the name. */
  #encloserProof(name: Name, encloser: Name): readonly (ZoneNode | undefined)[] {
    let provable = encloser;
    let match = this.#matching(provable);
    while (match === undefined && provable.labelCount > this.#zone.labelCount) {
      provable = provable.ancestor(1);
      match = this.#matching(provable);
    }
    return [match, this.#covering(nextCloser(name, provable))];
  }

  #matching(name: Name): ZoneNode | undefined {
    const hash = this.#hash(name);
    const node = this.#atOrBefore(hash);
    return node?.owner.label(0) === hash ? node : undefined;
  }

  #covering(name: Name): ZoneNode | undefined {
    return this.#atOrBefore(this.#hash(name));
  }

  #atOrBefore(hash: string): ZoneNode | undefined {
    const nodes = this.#nodes;
    return nodes[lastNotAfter(nodes.length, (i) => (nodes[i]?.owner.label(0) ?? '') > hash)];
  }

  /** RFC 5155 §5, in base32 with the extended hex alphabet, which sorts as the octets do. */
  #hash(name: Name): string {
    const { iterations, salt } = this.#parameters;
    let digest = createHash('sha1').update(name.key, 'latin1').update(salt).digest();
    for (let i = 0; i < iterations; i++) digest = createHash('sha1').update(digest).update(salt).digest();
    let text = '';
    for (let bit = 0; bit < 8 * digest.length; bit += 5) {
      const pair = uint16At(digest, bit >> 3);
      text += BASE32.charAt((pair >> (11 - (bit & 7))) & 31);
    }
    return text;
  }
}

/** The name with one label more than the encloser on the way to `name`. */
function nextCloser(name: Name, encloser: Name): Name {
  return name.ancestor(name.labelCount - encloser.labelCount - 1);
}

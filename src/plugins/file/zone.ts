/**
 * The content of a zone, ready for look-ups: every name that exists, found by its key. Names between a record and the apex
 * exist too, without records (RFC 4592 §2.2.2: empty non-terminals).
 *
 *     apex ─► label by label towards the name ─► a cut or a DNAME on the way      delegation, dname
 *                                             ─► the name itself                 node
 *                                             ─► no further: the closest encloser ─► its wildcard, or nothing
 *
 * It is immutable: a change of the file makes another one. NSEC3 records stand apart, as their owners are no names that exist
 * (RFC 5155 §7.2.8).
 */
import { Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { NameRRset, RRset, SoaRRset } from '../../dns/rrset.ts';
import { coveredType } from './signatures.ts';

/** A name that exists. */
export class ZoneNode {
  /** Of the owner. */
  readonly key: string;
  /** Each type once; RRSIG once for each type that it covers. */
  readonly sets: readonly RRset[];
  readonly #owner: Name | undefined;

  /** @param owner or its key alone: a zone may have a hundred names without records for each that has some */
  constructor(owner: Name | string, sets: readonly RRset[]) {
    this.key = typeof owner === 'string' ? owner : owner.key;
    this.sets = sets;
    this.#owner = typeof owner === 'string' ? undefined : owner;
  }

  get owner(): Name {
    return this.#owner ?? nameOfKey(this.key);
  }

  set(type: number): RRset | undefined {
    for (const set of this.sets) if (set.type === type) return set;
    return undefined;
  }

  /** NS, CNAME and the like, which are of names. */
  names(type: number): NameRRset | undefined {
    const set = this.set(type);
    return set?.kind === 'name' ? set : undefined;
  }

  /** The RRSIG records that cover a type. */
  signatures(type: number): RRset | undefined {
    for (const set of this.sets) if (set.type === Type.RRSIG && coveredType(set) === type) return set;
    return undefined;
  }
}

/** A name out of the octets that it has in wire form. */
function nameOfKey(key: string): Name {
  const starts: number[] = [];
  for (let at = 0; at < key.length - 1; at += 1 + key.charCodeAt(at)) starts.push(at);
  return new Name(key, key, starts);
}

export type Found =
  | { readonly kind: 'node'; readonly node: ZoneNode }
  /** There is no such name, and a wildcard that stands for it (RFC 4592 §3.3). */
  | { readonly kind: 'wildcard'; readonly node: ZoneNode; readonly encloser: ZoneNode }
  | { readonly kind: 'none'; readonly encloser: ZoneNode }
  /** The name is at or below the cut that the node is. */
  | { readonly kind: 'delegation'; readonly node: ZoneNode }
  /** The name is below a DNAME record (RFC 6672). */
  | { readonly kind: 'dname'; readonly node: ZoneNode; readonly dname: NameRRset };

/** Everything that a zone is made of; `ZoneBuilder` makes it. */
export interface ZoneParts {
  readonly name: Name;
  readonly soa: SoaRRset;
  readonly apex: ZoneNode;
  /** By key; the apex is among them. */
  readonly nodes: ReadonlyMap<string, ZoneNode>;
  /** NSEC3 records and their signatures, in the order of the hashes. */
  readonly nsec3: readonly ZoneNode[];
  /** Owners of NSEC records in canonical order, with the key by which they are sorted. */
  readonly nsec: readonly { readonly sortKey: string; readonly node: ZoneNode }[];
  /** Records, the SOA among them. */
  readonly size: number;
}

const WILDCARD = '\x01*';

export class Zone {
  readonly parts: ZoneParts;

  constructor(parts: ZoneParts) {
    this.parts = parts;
  }

  get name(): Name {
    return this.parts.name;
  }

  /** What there is at a name, whether it is occluded or not: glue. */
  at(name: Name): ZoneNode | undefined {
    return this.parts.nodes.get(name.key);
  }

  /** @param name at or below the apex */
  find(name: Name): Found {
    const { nodes, apex } = this.parts;
    let encloser = apex;
    for (let labels = name.labelCount - this.name.labelCount - 1; labels >= 0; labels--) {
      const dname = encloser.names(Type.DNAME);
      if (dname !== undefined) return { kind: 'dname', node: encloser, dname };
      const node = nodes.get(name.suffixKey(labels));
      if (node === undefined) {
        const wildcard = nodes.get(WILDCARD + encloser.key);
        return wildcard === undefined ? { kind: 'none', encloser } : { kind: 'wildcard', node: wildcard, encloser };
      }
      if (node.set(Type.NS) !== undefined) return { kind: 'delegation', node };
      encloser = node;
    }
    return { kind: 'node', node: encloser };
  }

  /** All RRsets but the SOA, those of the apex first. */
  *records(): Generator<RRset, void> {
    const { apex, nodes, nsec3 } = this.parts;
    yield* apex.sets.filter(({ type }) => type !== Type.SOA);
    for (const node of nodes.values()) if (node !== apex) yield* node.sets;
    for (const node of nsec3) yield* node.sets;
  }
}

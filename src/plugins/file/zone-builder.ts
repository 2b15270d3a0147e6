/**
 * Makes a zone of records. In: RRsets of one record each, in any order. Out: a zone, and remarks on what was left out.
 *
 * Records of one owner and type become one RRset (RFC 2181 §5): its TTL is the smallest of theirs, and a record that stands
 * twice is one.
 */
import { bounds } from '../../bounds.ts';
import { Type, typeName } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import { formatRecord } from '../../dns/presentation-format.ts';
import type { RRset, SoaRRset } from '../../dns/rrset.ts';
import { canonicalKey } from './canonical.ts';
import { Compacting } from './compact.ts';
import { mergeSets } from './merge.ts';
import { coveredType } from './signatures.ts';
import { Zone, ZoneNode } from './zone.ts';

/** Of all names that exist because of others. Nothing is ever added to it. */
const NO_RECORDS: RRset[] = [];

/** What may stand at a name with a CNAME, with the signatures of these (RFC 4034 §3, §4). */
const WITH_CNAME: ReadonlySet<number> = new Set([Type.CNAME, Type.NSEC]);

export type Addition =
  | 'added'
  /** Its owner is not in the zone. */
  | 'outside'
  /** An SOA below the apex, or a second one. */
  | 'surplus-soa'
  /** A CNAME at the apex, where an SOA stands (RFC 1034 §3.6.2), or its signature. */
  | 'apex-alias'
  /** There are as many records or names as there may be. */
  | 'full';

export class ZoneBuilder {
  readonly #name: Name;
  /** The records of each name, by its key; none for those that exist because of others. */
  readonly #names = new Map<string, RRset[]>();
  /** The same for NSEC3 records and their signatures. */
  readonly #nsec3 = new Map<string, RRset[]>();
  readonly #compacting = new Compacting();
  #soa: SoaRRset | undefined;
  #size = 0;

  constructor(name: Name) {
    this.#name = name;
    this.#names.set(name.key, NO_RECORDS);
  }

  get soa(): SoaRRset | undefined {
    return this.#soa;
  }

  add(set: RRset): Addition {
    if (!set.owner.isAtOrBelow(this.#name)) return 'outside';
    if (set.type === Type.SOA) {
      // The listing of a transfer ends with the SOA that it began with.
      if (this.#soa !== undefined && dataOf(set) === dataOf(this.#soa)) return 'added';
      if (this.#soa !== undefined || set.kind !== 'soa' || !set.owner.equals(this.#name)) return 'surplus-soa';
      this.#soa = set;
    }
    const signedType = signedTypeOf(set);
    if (signedType === Type.CNAME && set.owner.equals(this.#name)) return 'apex-alias';
    const isNsec3 = signedType === Type.NSEC3;
    const names = isNsec3 ? this.#nsec3 : this.#names;
    const records = names.get(set.owner.key) ?? NO_RECORDS;
    if (this.#size === bounds.zoneRecords || records.length === bounds.zonePerName) return 'full';
    // An array made with its content has no room to spare: most names have one record.
    const compact = this.#compacting.compact(set, records[0]?.owner);
    if (records.length === 0) names.set(set.owner.key, [compact]);
    else records.push(compact);
    this.#size++;
    if (!isNsec3 && records.length === 0) this.#addNamesAbove(set.owner);
    return this.#names.size > bounds.zoneNames ? 'full' : 'added';
  }

  /**
   * Makes the zone, in steps of which none takes long. Undefined where there is no SOA.
   *
   * @param remark is told of names whose records do not go together
   */
  *build(remark: (text: string) => void): Generator<void, Zone | undefined> {
    const soa = this.#soa;
    if (soa === undefined) return undefined;
    const nodes = new Map<string, ZoneNode>();
    const withNsec: { sortKey: string; node: ZoneNode }[] = [];
    let leftOut = 0;
    for (const [key, all] of this.#names) {
      const records = withoutBesideAlias(all);
      leftOut += all.length - records.length;
      const node = nodeOf(key, records, remark);
      checkAlias(node, records.length < all.length, remark);
      nodes.set(key, node);
      if (node.set(Type.NSEC) !== undefined) withNsec.push({ sortKey: canonicalKey(node.owner), node });
      yield;
    }
    const nsec3: ZoneNode[] = [];
    for (const key of [...this.#nsec3.keys()].toSorted()) {
      nsec3.push(nodeOf(key, this.#nsec3.get(key) ?? [], remark));
      yield;
    }
    const apex = nodes.get(this.#name.key);
    if (apex === undefined) return undefined;
    const nsec = withNsec.toSorted((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
    return new Zone({ name: this.#name, soa, apex, nodes, nsec3, nsec, size: this.#size - leftOut });
  }

  /** All names between this one and the apex exist from now on. */
  #addNamesAbove(owner: Name): void {
    for (let labels = 1; labels < owner.labelCount - this.#name.labelCount; labels++) {
      const key = owner.suffixKey(labels);
      if (this.#names.has(key)) return;
      this.#names.set(key, NO_RECORDS);
    }
  }
}

/** The type that a record is of, or that it signs. */
function signedTypeOf(set: RRset): number {
  return set.type === Type.RRSIG ? coveredType(set) : set.type;
}

/** A CNAME stands alone but for what DNSSEC puts beside it (RFC 2181 §10.1): signatures go with what they sign. */
function withoutBesideAlias(records: RRset[]): RRset[] {
  if (records.length < 2 || !records.some(({ type }) => type === Type.CNAME)) return records;
  return records.filter((set) => WITH_CNAME.has(signedTypeOf(set)));
}

function nodeOf(key: string, records: readonly RRset[], remark: (text: string) => void): ZoneNode {
  const [first, ...further] = records;
  if (first === undefined) return new ZoneNode(key, NO_RECORDS);
  if (further.length === 0) return new ZoneNode(first.owner, records);
  const byKind = Map.groupBy(records, (set) => set.type * 0x1_0000 + (set.type === Type.RRSIG ? coveredType(set) : 0));
  const sets = [...byKind.values()].map((same) => {
    const ofOneForm = same.filter(({ kind }) => kind === same[0]?.kind);
    if (ofOneForm.length < same.length) {
      remark(
        `${first.owner.toString()} has ${typeName(first.type)} records in several forms; the first form is served`,
      );
    }
    return merged(ofOneForm);
  });
  return new ZoneNode(first.owner, sets);
}

function merged(records: readonly RRset[]): RRset {
  const [first] = records;
  if (first === undefined) throw new RangeError('a set has a record at least');
  if (records.length === 1) return first;
  const ttl = records.reduce((least, record) => Math.min(least, record.ttl), first.ttl);
  const byText = new Map(records.map((set) => [dataOf(set), set]));
  return { ...mergeSets([...byText.values()]), owner: first.owner, ttl };
}

/** What tells two records of a set from each other. */
function dataOf(set: RRset): string {
  return formatRecord({ ...set, ttl: 0 }, 0) ?? '';
}

/** @param othersLeftOut whether other records than the CNAME's have been left out */
function checkAlias(node: ZoneNode, othersLeftOut: boolean, remark: (text: string) => void): void {
  const redirections = node.names(Type.DNAME)?.targets.length ?? 0;
  // RFC 6672 §2.4
  if (redirections > 1) remark(`${node.owner.toString()} has more than one DNAME record; the first is followed`);
  const alias = node.names(Type.CNAME);
  if (alias === undefined) return;
  const owner = node.owner.toString();
  if (alias.targets.length > 1) remark(`${owner} has more than one CNAME record; the first is followed`);
  if (othersLeftOut) remark(`${owner} has a CNAME record and others; only the CNAME record is served`);
}

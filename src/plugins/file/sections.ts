/**
 * The sections of a reply out of a zone, as they are filled: RRsets with their signatures where the client asked for them
 * (RFC 4035 §3.1), addresses of targets, proofs, the SOA of negative replies (RFC 2308 §3).
 */
import { Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { Denial } from './denial.ts';
import type { Zone, ZoneNode } from './zone.ts';

export class Sections {
  readonly answers: RRset[] = [];
  readonly authority: RRset[] = [];
  readonly additional: RRset[] = [];
  readonly #zone: Zone;
  readonly #denial: Denial;
  /** Whether signatures and proofs are wanted. */
  readonly isSigned: boolean;
  readonly #withAddresses = new Set<string>();

  constructor(zone: Zone, denial: Denial, isSigned: boolean) {
    this.#zone = zone;
    this.#denial = denial;
    this.isSigned = isSigned;
  }

  /** Puts a set of a node into the answer. @param owner the name that was asked for, where a wildcard stands for it */
  answer(node: ZoneNode, set: RRset, owner: Name = node.owner): void {
    this.#put(this.answers, node, set, owner);
  }

  /** The name servers of the zone, behind what was found in it. */
  nameServers(): void {
    const { apex } = this.#zone.parts;
    const servers = apex.set(Type.NS);
    if (servers !== undefined && !this.answers.includes(servers)) this.#put(this.authority, apex, servers, apex.owner);
  }

  /** The name servers below the zone that a cut leads to, with their addresses; whether they are signed is proved. */
  referral(cut: ZoneNode): void {
    const servers = cut.names(Type.NS);
    if (servers === undefined) return;
    this.authority.push(servers);
    const signers = cut.set(Type.DS);
    if (signers !== undefined && this.isSigned) this.#put(this.authority, cut, signers, cut.owner);
    if (signers === undefined) this.proof(this.isSigned ? this.#denial.noData(cut) : []);
    for (const target of servers.targets) this.#addresses(target, this.#zone.at(target));
  }

  /** The SOA, for as long as what is missing may be remembered. */
  negative(): void {
    const { apex, soa } = this.#zone.parts;
    const ttl = Math.min(soa.ttl, soa.soa.minimum);
    this.authority.push({ ...soa, ttl });
    const signature = this.isSigned ? apex.signatures(Type.SOA) : undefined;
    if (signature !== undefined) this.authority.push({ ...signature, ttl });
  }

  proof(nodes: readonly ZoneNode[]): void {
    for (const node of nodes) {
      const set = node.set(this.#denial.type);
      if (set !== undefined && !this.authority.includes(set)) this.#put(this.authority, node, set, node.owner);
    }
  }

  /** The addresses of the names that a set leads to, as far as they are in the zone. */
  targets(set: RRset): void {
    switch (set.kind) {
      case 'srv':
        for (const { target } of set.services) this.#addressesOf(target);
        return;
      case 'mx':
        for (const { exchange } of set.exchanges) this.#addressesOf(exchange);
        return;
      case 'name':
        if (set.type === Type.NS) for (const target of set.targets) this.#addresses(target, this.#zone.at(target));
        return;
      case 'address':
      case 'text':
      case 'soa':
      case 'opaque':
    }
  }

  #addressesOf(name: Name): void {
    if (!name.isAtOrBelow(this.#zone.name)) return;
    const found = this.#zone.find(name);
    if (found.kind === 'node' || found.kind === 'wildcard') this.#addresses(name, found.node);
  }

  #addresses(owner: Name, node: ZoneNode | undefined): void {
    if (node === undefined || this.#withAddresses.has(owner.key)) return;
    this.#withAddresses.add(owner.key);
    for (const type of [Type.A, Type.AAAA]) {
      const set = node.set(type);
      if (set !== undefined && !this.answers.includes(set)) this.#put(this.additional, node, set, owner);
    }
  }

  #put(section: RRset[], node: ZoneNode, set: RRset, owner: Name): void {
    section.push(owned(set, owner));
    if (!this.isSigned || set.type === Type.RRSIG) return;
    const signature = node.signatures(set.type);
    if (signature !== undefined) section.push(owned(signature, owner));
  }
}

/** The set as it is held where that will do: it is compared by identity later. */
function owned(set: RRset, owner: Name): RRset {
  return set.owner.equals(owner) ? set : { ...set, owner };
}

/**
 * Facts: what an answer rested on, so that it can be known later whether the answer still holds.
 *
 *     look-up in mutable state ──► dependsOn(fact)       the fact's counter is read BEFORE the state is
 *     change of that state     ──► changed(fact)         the fact's counter is raised
 *
 * A fact is a slot of one array of counters, found by hashing what the fact is about. Two facts that share a slot cost
 * one recomputation more and are never wrong. The counters wrap at 2³²; a stored answer would have to sleep through
 * exactly that many changes to be taken for fresh.
 */

/** A slot of the counters. */
export type Fact = number;

/** Whatever looks something up in mutable state says so here, whether it then answers, declines or tries another. */
export interface Dependent {
  dependsOn(fact: Fact): void;
}

const SLOTS = 65_536;

/** FNV-1a over UTF-16 code units: short keys, no secrets; a collision is harmless. */
const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

function mix(hash: number, text: string): number {
  let h = hash;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), PRIME);
  // A separator that is in no name, so that ("ab", "c") and ("a", "bc") are two facts.
  return Math.imul(h ^ 0xffff, PRIME);
}

/** Folds all bits of a hash into a slot. */
function slot(hash: number): Fact {
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}

const kinds = {
  service: mix(OFFSET_BASIS, 'service'),
  namespace: mix(OFFSET_BASIS, 'namespace'),
  address: mix(OFFSET_BASIS, 'address'),
  pod: mix(OFFSET_BASIS, 'pod'),
  file: mix(OFFSET_BASIS, 'file'),
};

/** A Service, its ports and its endpoints: all that names below `name.namespace.svc` rest on. */
export function serviceFact(namespace: string, name: string): Fact {
  return slot(mix(mix(kinds.service, namespace), name));
}

/** Whether a namespace exists, and its labels, which decide whether it is shown. */
export function namespaceFact(name: string): Fact {
  return slot(mix(kinds.namespace, name));
}

/** Which Services and endpoints have this address of 4 or 16 octets. */
export function addressFact(octets: Uint8Array): Fact {
  let hash = kinds.address;
  for (const octet of octets) hash = Math.imul(hash ^ octet, PRIME);
  return slot(hash);
}

/** Which pods have this address, in the text form in which it was asked for. */
export function podFact(ip: string): Fact {
  return slot(mix(kinds.pod, ip));
}

/** The content of a file that answers are made from: hosts, zones, weights. */
export function fileFact(path: string): Fact {
  return slot(mix(kinds.file, path));
}

/** Which prefixes of addresses are in use: what empty non-terminals of the reverse trees rest on. */
export const prefixesFact: Fact = slot(mix(OFFSET_BASIS, 'prefixes'));

/** Whether all resources that answers need have been listed. */
export const syncFact: Fact = slot(mix(OFFSET_BASIS, 'sync'));

/** The addresses of the machine that the server runs on. */
export const ownAddressesFact: Fact = slot(mix(OFFSET_BASIS, 'own addresses'));

/** The counters of one process. */
export class FactCounters {
  readonly #counters = new Uint32Array(SLOTS);

  /** The fact has changed: whatever rested on it is out of date. */
  changed(fact: Fact): void {
    const before = this.#counters[fact] ?? 0;
    this.#counters[fact] = before + 1;
  }

  /** The fact's counter now. */
  version(fact: Fact): number {
    return this.#counters[fact] ?? 0;
  }
}

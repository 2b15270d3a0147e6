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
import { hashName } from './name-table.ts';

/** A slot of the counters. */
export type Fact = number;

/** Whatever looks something up in mutable state says so here, whether it then answers, declines or tries another. */
export interface Dependent {
  dependsOn(fact: Fact): void;
}

/** Who asks the state for its own sake: no answer rests on what it says. */
export const NOBODY: Dependent = { dependsOn: () => undefined };

const SLOTS = 65_536;

/** Folds all bits of a hash into a slot. */
function slot(hash: number): Fact {
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}

/** What a fact is about: the same name is another fact for each of these. */
const kinds = {
  service: hashName('fact', 'service'),
  import: hashName('fact', 'import'),
  namespace: hashName('fact', 'namespace'),
  address: hashName('fact', 'address'),
  pod: hashName('fact', 'pod'),
  file: hashName('fact', 'file'),
};

/** A Service, its ports and its endpoints: all that names below `name.namespace.svc` rest on. */
export function serviceFact(namespace: string, name: string): Fact {
  return hashedServiceFact(hashName(namespace, name));
}

/** The same for the hash that `hashName` gives, so that a look-up hashes a name once. */
export function hashedServiceFact(hash: number): Fact {
  return slot(hash ^ kinds.service);
}

/** A Service of several clusters, its ports and its endpoints. */
export function importFact(namespace: string, name: string): Fact {
  return hashedImportFact(hashName(namespace, name));
}

/** The same for the hash that `hashName` gives. */
export function hashedImportFact(hash: number): Fact {
  return slot(hash ^ kinds.import);
}

/** Whether a namespace exists, and its labels, which decide whether it is shown. */
export function namespaceFact(name: string): Fact {
  return slot(hashName('', name) ^ kinds.namespace);
}

/** Which Services and endpoints have this address: the `width` octets from `start` on, 4 or 16 of them. */
export function addressFact(octets: Uint8Array, start = 0, width: number = octets.length): Fact {
  let hash = kinds.address;
  for (let at = start; at < start + width; at++) hash = Math.imul(hash ^ (octets[at] ?? 0), 0x0100_0193);
  return slot(hash);
}

/** Which pods have this address, in the text form in which it was asked for. */
export function podFact(ip: string): Fact {
  return slot(hashName('', ip) ^ kinds.pod);
}

/** The content of a file that answers are made from: hosts, zones, weights. */
export function fileFact(path: string): Fact {
  return slot(hashName('', path) ^ kinds.file);
}

/** Which prefixes of addresses are in use: what empty non-terminals of the reverse trees rest on. */
export const prefixesFact: Fact = slot(hashName('fact', 'prefixes'));

/** Which address families Services and endpoints have. */
export const familiesFact: Fact = slot(hashName('fact', 'families'));

/** Whether all resources that answers need have been listed. */
export const syncFact: Fact = slot(hashName('fact', 'sync'));

/** The addresses of the machine that the server runs on. */
export const ownAddressesFact: Fact = slot(hashName('fact', 'own addresses'));

/** The counters of one process. */
export class FactCounters {
  readonly #counters = new Uint32Array(SLOTS);
  #changes = 0;

  /** The fact has changed: whatever rested on it is out of date. */
  changed(fact: Fact): void {
    const before = this.#counters[fact] ?? 0;
    this.#counters[fact] = before + 1;
    this.#changes = (this.#changes + 1) | 0;
  }

  /** Counts the changes of all facts, and wraps as their counters do: while it stays as it is, whatever held goes on holding. */
  get changes(): number {
    return this.#changes;
  }

  /** The fact's counter now. */
  version(fact: Fact): number {
    return this.#counters[fact] ?? 0;
  }
}

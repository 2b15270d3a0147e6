/**
 * Records in as little memory as they need, for zones of a hundred thousand: those of one owner share its name, and addresses the
 * memory of their octets. In: sets as they were read. Out: equal ones.
 */
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';

/** Octets of addresses that share one piece of memory. */
const SLAB = 16_384;

export class Compacting {
  #slab = new Uint8Array(SLAB);
  #used = 0;

  /** @param known the owner as it is held already, in the letters of the first record that had it */
  compact(set: RRset, known: Name | undefined): RRset {
    const owner = known ?? set.owner;
    return set.kind === 'address' ? { ...set, owner, octets: this.#share(set.octets) } : { ...set, owner };
  }

  /** A view costs half of what an array with memory of its own does. */
  #share(octets: Uint8Array): Uint8Array {
    if (this.#used + octets.length > SLAB) {
      this.#slab = new Uint8Array(SLAB);
      this.#used = 0;
    }
    const view = this.#slab.subarray(this.#used, this.#used + octets.length);
    view.set(octets);
    this.#used += octets.length;
    return view;
  }
}

/** RRsets of one owner, type and class as one. In: sets whose data is of one form. Out: one with the records of all. */
import type { RRset } from '../../dns/rrset.ts';

/** Owner and TTL are those of the first. @throws RangeError where there is none, or their forms differ */
export function mergeSets(sets: readonly RRset[]): RRset {
  const [first] = sets;
  if (first === undefined) throw new RangeError('nothing to merge');
  const same = <K extends RRset['kind']>(kind: K): readonly Extract<RRset, { kind: K }>[] => {
    const found = sets.filter((set): set is Extract<RRset, { kind: K }> => set.kind === kind);
    if (found.length !== sets.length) throw new RangeError('sets of several forms');
    return found;
  };
  switch (first.kind) {
    case 'address':
      return { ...first, octets: new Uint8Array(Buffer.concat(same('address').map(({ octets }) => octets))) };
    case 'name':
      return { ...first, targets: same('name').flatMap(({ targets }) => targets) };
    case 'srv':
      return { ...first, services: same('srv').flatMap(({ services }) => services) };
    case 'text':
      return { ...first, texts: same('text').flatMap(({ texts }) => texts) };
    case 'mx':
      return { ...first, exchanges: same('mx').flatMap(({ exchanges }) => exchanges) };
    case 'soa':
      return first;
    case 'opaque':
      return { ...first, data: same('opaque').flatMap(({ data }) => data) };
  }
}

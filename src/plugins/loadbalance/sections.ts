/**
 * A section of a reply by kinds of records: aliases first, then all that is neither an address nor a mail exchange, then
 * addresses, then mail exchanges, as CoreDNS orders them. Within a kind the order stays. In: RRsets, which are shared and
 * never changed. Out: the same array where nothing is to be done.
 */
import { Type } from '../../dns/constants.ts';
import { type AddressRRset, type MxRRset, type RRset, addressSize, recordCount } from '../../dns/rrset.ts';

/** The records of a section apart. */
export interface Kinds {
  readonly aliases: readonly RRset[];
  readonly others: readonly RRset[];
  readonly addresses: readonly AddressRRset[];
  readonly exchanges: readonly MxRRset[];
}

/** What must be done to a section. */
export interface Survey {
  /** Records stand in another order than that of their kinds. */
  readonly mixed: boolean;
  /** Address records, and mail exchanges. */
  readonly addresses: number;
  readonly exchanges: number;
}

/** Looks at a section without making anything but the result; undefined where it has nothing that an order is for. */
export function survey(sets: readonly RRset[]): Survey | undefined {
  let highest = 0;
  let mixed = false;
  let addresses = 0;
  let exchanges = 0;
  for (const set of sets) {
    const rank = rankOf(set);
    if (rank < highest) mixed = true;
    else highest = rank;
    if (rank === RANK_ADDRESS) addresses += recordCount(set);
    else if (rank === RANK_EXCHANGE) exchanges += recordCount(set);
  }
  return mixed || addresses > 1 || exchanges > 1 ? { mixed, addresses, exchanges } : undefined;
}

const RANK_ALIAS = 0;
const RANK_OTHER = 1;
const RANK_ADDRESS = 2;
const RANK_EXCHANGE = 3;

function rankOf(set: RRset): number {
  if (set.kind === 'address') return RANK_ADDRESS;
  if (set.kind === 'mx') return RANK_EXCHANGE;
  return set.type === Type.CNAME ? RANK_ALIAS : RANK_OTHER;
}

export function byKind(sets: readonly RRset[]): Kinds {
  const aliases: RRset[] = [];
  const others: RRset[] = [];
  const addresses: AddressRRset[] = [];
  const exchanges: MxRRset[] = [];
  for (const set of sets) {
    if (set.kind === 'address') addresses.push(set);
    else if (set.kind === 'mx') exchanges.push(set);
    else (set.type === Type.CNAME ? aliases : others).push(set);
  }
  return { aliases, others, addresses, exchanges };
}

/** Each address as an RRset of one, in a new array; those that are so already are the same objects. */
export function singleAddresses(sets: readonly AddressRRset[]): AddressRRset[] {
  const singles: AddressRRset[] = [];
  for (const set of sets) {
    const size = addressSize(set.type);
    if (set.octets.length === size) {
      singles.push(set);
      continue;
    }
    for (let at = 0; at < set.octets.length; at += size) {
      singles.push({ ...set, octets: set.octets.subarray(at, at + size) });
    }
  }
  return singles;
}

/** Each mail exchange as an RRset of one, in a new array. */
export function singleExchanges(sets: readonly MxRRset[]): MxRRset[] {
  return sets.flatMap((set) =>
    set.exchanges.length === 1 ? [set] : set.exchanges.map((exchange) => ({ ...set, exchanges: [exchange] })),
  );
}

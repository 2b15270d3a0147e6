/**
 * Weights of addresses: the text of a weight file, and the draw that puts one address in front.
 *
 *     # comment
 *     web.example.org
 *     192.0.2.1  200
 *     192.0.2.2   50
 */
import { parseAddress } from '../../dns/address.ts';
import { Name } from '../../dns/name.ts';
import { type AddressRRset, addressSize } from '../../dns/rrset.ts';
import { singleAddresses } from './sections.ts';
import { below, swap } from './shuffle.ts';

/** By the name's key, then by the address's octets as a string. */
export type Weights = ReadonlyMap<string, ReadonlyMap<string, number>>;

const DEFAULT_WEIGHT = 1;
const MAX_WEIGHT = 255;

/** The weights that a text gives, or what is wrong with it, for a person. */
export function parseWeights(text: string): Weights | string {
  const weights = new Map<string, Map<string, number>>();
  let current: Map<string, number> | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    const [first = '', second] = words;
    if (first === '' || first.startsWith('#')) continue;
    const fault = (what: string): string => `line ${index + 1}: ${what}`;
    const address = parseAddress(first);
    if (second === undefined) {
      if (address !== undefined) return fault(`no weight follows the address '${first}'`);
      const name = Name.parse(first);
      if (name === undefined) return fault(`'${shown(first)}' is no name`);
      current = weights.get(name.key) ?? new Map<string, number>();
      weights.set(name.key, current);
      continue;
    }
    if (words.length > 2) return fault('a line is a name, or an address and its weight');
    if (address === undefined) return fault(`'${shown(first)}' is no address`);
    const weight = /^\d{1,3}$/.test(second) ? Number(second) : 0;
    if (weight < 1 || weight > MAX_WEIGHT) {
      return fault(`'${shown(second)}' is no weight: a whole number from 1 to ${MAX_WEIGHT}`);
    }
    if (current === undefined) return fault('an address stands before the first name');
    current.set(keyOf(address), weight);
  }
  return weights;
}

/** The file may hold anything: one short word without control characters is shown. */
function shown(text: string): string {
  return text.slice(0, 80).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD');
}

/** Draws one address of a section by the weights and changes it with the first. The others stay where they are. */
export function drawFirst(sets: readonly AddressRRset[], weights: Weights): readonly AddressRRset[] {
  const [only] = sets;
  if (only === undefined) return sets;
  const weighed = sets.flatMap((set) => weightsOf(set, weights.get(set.owner.key)));
  let left = below(weighed.reduce((sum, weight) => sum + weight, 0));
  const drawn = weighed.findIndex((weight) => (left -= weight) < 0);
  if (sets.length === 1) return [withFirst(only, drawn)];
  const singles = singleAddresses(sets);
  swap(singles, 0, drawn);
  return singles;
}

function weightsOf(set: AddressRRset, known: ReadonlyMap<string, number> | undefined): readonly number[] {
  const size = addressSize(set.type);
  return Array.from({ length: set.octets.length / size }, (_, i) =>
    known === undefined
      ? DEFAULT_WEIGHT
      : (known.get(keyOf(set.octets.subarray(i * size, (i + 1) * size))) ?? DEFAULT_WEIGHT),
  );
}

/** The set with its first address and that at `position` changed. */
function withFirst(set: AddressRRset, position: number): AddressRRset {
  const size = addressSize(set.type);
  const octets = new Uint8Array(set.octets);
  octets.copyWithin(position * size, 0, size);
  octets.set(set.octets.subarray(position * size, (position + 1) * size));
  return { ...set, octets };
}

function keyOf(octets: Uint8Array): string {
  return String.fromCharCode(...octets);
}

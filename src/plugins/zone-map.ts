/**
 * Something for each of many zones, found by a name that is in one of them. In: zones. Out: what belongs to the longest zone
 * that the name is in, at a cost that grows with the labels of the name and not with the zones.
 */
import type { Name } from '../dns/name.ts';

export class ZoneMap<T> {
  readonly #byKey: ReadonlyMap<string, T>;
  readonly #root: T | undefined;
  /** Labels of the longest zone: no suffix with more of them can be one. */
  readonly #deepest: number;

  /** @param zones each once, in any order */
  constructor(zones: readonly (readonly [zone: Name, value: T])[]) {
    this.#byKey = new Map(zones.map(([{ key }, value]) => [key, value]));
    this.#root = zones.find(([{ labelCount }]) => labelCount === 0)?.[1];
    this.#deepest = zones.reduce((most, [{ labelCount }]) => Math.max(most, labelCount), 0);
  }

  /** Undefined where the name is in none of the zones. */
  find({ key, starts }: Name): T | undefined {
    for (let i = Math.max(0, starts.length - this.#deepest); i < starts.length; i++) {
      const found = this.#byKey.get(key.slice(starts[i]));
      if (found !== undefined) return found;
    }
    return this.#root;
  }
}

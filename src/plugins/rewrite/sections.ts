/** Lists whose members are changed one by one: a list of which nothing is changed stays the same object. */

/** @param map gives the same member where it stays */
export function mapMembers<T>(list: readonly T[], map: (member: T) => T): readonly T[] {
  const mapped = list.map(map);
  return mapped.every((member, i) => member === list[i]) ? list : mapped;
}

/**
 * The zones that a directive is for. In: words of a Corefile. Out: names, and which of them covers a name.
 */
import type { Token } from '../corefile/corefile.ts';
import { wordsAsZones } from '../corefile/options.ts';
import type { Problems } from '../corefile/problems.ts';
import { Name } from '../dns/name.ts';

/**
 * Zones as names, longest first; CIDRs give reverse zones. What is no zone is reported and left out.
 *
 * @param fallback what no words at all stand for, in presentation form
 */
export function readZones(tokens: readonly Token[], fallback: readonly string[], problems: Problems): readonly Name[] {
  return wordsAsZones(tokens, fallback, problems)
    .flatMap((zone) => Name.parse(zone) ?? [])
    .toSorted((a, b) => b.labelCount - a.labelCount);
}

/** `fallthrough [ZONES…]`: without zones it is for all names. */
export function readFallthrough(tokens: readonly Token[], problems: Problems): readonly Name[] {
  return readZones(tokens, ['.'], problems);
}

/** The longest of the zones that a name is in; `zones` as `readZones` gives them. */
export function zoneOf(zones: readonly Name[], name: Name): Name | undefined {
  for (const zone of zones) if (name.isAtOrBelow(zone)) return zone;
  return undefined;
}

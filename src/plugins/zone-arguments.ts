/**
 * The zones that a directive is for. In: words of a Corefile. Out: names, and which of them covers a name.
 */
import type { Token } from '../corefile/corefile.ts';
import { wordsAsZones } from '../corefile/options.ts';
import { Problems, shorten } from '../corefile/problems.ts';
import { Name } from '../dns/name.ts';
import type { ConfigureContext } from './plugin.ts';
import { ZoneMap } from './zone-map.ts';

/** What a directive needs in its block that is not to be the last one. */
export const FALL_THROUGH = "'fallthrough' in its block";

/**
 * Zones as names, longest first; CIDRs give reverse zones. What is no zone is reported and left out.
 *
 * @param fallback what no words at all stand for, in presentation form
 */
export function readZones(tokens: readonly Token[], fallback: readonly string[], problems: Problems): readonly Name[] {
  return namesOf(wordsAsZones(tokens, fallback, problems)).toSorted((a, b) => b.labelCount - a.labelCount);
}

/** `fallthrough [ZONES…]`: without zones it is for all names. */
export function readFallthrough(tokens: readonly Token[], problems: Problems): readonly Name[] {
  return readZones(tokens, ['.'], problems);
}

/**
 * Warns of a directive that no query reaches, since none of its zones has a name of the block. Where names are rewritten, those
 * of any zone may come. What is wrong with a zone is not said here.
 */
export function warnOfZonesOutside(
  words: readonly Token[],
  { zones, problems, usesOf }: Pick<ConfigureContext, 'zones' | 'problems' | 'usesOf'>,
): void {
  const [first] = words;
  if (first === undefined || usesOf('rewrite').length > 0) return;
  const unheard = new Problems();
  const own = readZones(words, [], unheard);
  const ofBlock = namesOf(zones);
  // A block without a zone has been reported.
  if (ofBlock.length === 0 || unheard.hasErrors || isAnyWithin(own, ofBlock) || isAnyWithin(ofBlock, own)) return;
  const outside = words.map(({ text }) => text).join(' ');
  const block = zones.map((zone) => zone.replace(/\.$/, '')).join(' ');
  const are = words.length === 1 ? 'is' : 'are';
  problems.warning(first, `no query comes so far: '${shorten(outside)}' ${are} outside of '${shorten(block)}'`, {
    expected: 'zones that have names of this server block, or none for all of them',
  });
}

/** Whether every name of the block is in one of these zones; where names are rewritten, that those of any zone may be. */
export function coverBlock(
  own: readonly Name[],
  { zones, usesOf }: Pick<ConfigureContext, 'zones' | 'usesOf'>,
): boolean {
  const all = usesOf('rewrite').length > 0 ? [Name.root] : namesOf(zones);
  return all.every((zone) => zoneOf(own, zone) !== undefined);
}

function isAnyWithin(inner: readonly Name[], outer: readonly Name[]): boolean {
  const zones = new ZoneMap(outer.map((zone) => [zone, zone]));
  return inner.some((zone) => zones.find(zone) !== undefined);
}

function namesOf(zones: readonly string[]): readonly Name[] {
  return zones.flatMap((zone) => Name.parse(zone) ?? []);
}

/** The longest of the zones that a name is in; `zones` as `readZones` gives them. */
export function zoneOf(zones: readonly Name[], name: Name): Name | undefined {
  for (const zone of zones) if (name.isAtOrBelow(zone)) return zone;
  return undefined;
}

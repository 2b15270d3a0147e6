/**
 * How a plugin offers a value to the others of its block. In: a label and a function. Out: nothing where the block has no
 * `metadata`; else the value is there for the queries of its zones.
 */
import { Name } from '../../dns/name.ts';
import type { MetadataProvider } from '../neighbours.ts';
import type { Host } from '../plugin.ts';
import { zoneOf } from '../zone-arguments.ts';

/** @param label `PLUGIN/NAME` */
export function offerMetadata({ neighbours, block }: Host, label: string, provider: MetadataProvider): void {
  const zones = neighbours.metadataZones;
  if (zones === undefined) return;
  // Where they are all that the block serves, no query needs a look.
  const isWhole = block.zones.every((text) => {
    const zone = Name.parse(text);
    return zone !== undefined && zoneOf(zones, zone) !== undefined;
  });
  const within: MetadataProvider = (query) => (zoneOf(zones, query.name) === undefined ? '' : provider(query));
  neighbours.metadata.set(label, isWhole ? provider : within);
}

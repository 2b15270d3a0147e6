/**
 * A zone out of a file, kept up to date. It belongs to the process, so that a reload of the Corefile keeps the last good
 * content too.
 *
 *     file changed ──► read ──► serial changed? ──► zone swapped, fact raised, listeners called
 *
 * As CoreDNS does, a file is served anew only where the serial of its SOA has changed, unless `reload_by_mtime` says otherwise;
 * a file that changed without it is said to have done so.
 */
import { type FactCounters, fileFact } from '../../cluster/facts.ts';
import type { Name } from '../../dns/name.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import { FollowedFile, type Loading, type Trouble } from '../followed-file.ts';
import type { NeighbourZone, ZoneContents } from '../neighbours.ts';
import type { Closable } from '../plugin.ts';
import { ZoneAnswers } from './answer.ts';
import { loadZone } from './load.ts';
import type { Zone } from './zone.ts';

export interface ZoneFileParts {
  /** Absolute. */
  readonly path: string;
  readonly name: Name;
  /** Milliseconds between looks at the file; 0 for never again. */
  readonly reload: number;
  /** Serves a changed file whatever its serial is. */
  readonly byTime: boolean;
  readonly facts: FactCounters;
  readonly logger: Logger;
  /** Counts troubles that left the last content in service. */
  readonly failures: Series;
}

export class ZoneFile implements Closable, NeighbourZone {
  readonly #parts: ZoneFileParts;
  readonly #followed: FollowedFile;
  readonly #listeners = new Set<() => void>();
  /** Resolves when the file has been read for the first time, with what was wrong with it. Never rejects. */
  readonly opened: Promise<Trouble | undefined>;
  #answers: ZoneAnswers | undefined;
  /** Of the text that is served, and of the one that was read last. */
  #servedDigest = '';
  #digest = '';

  constructor(parts: ZoneFileParts) {
    this.#parts = parts;
    const { path, reload: interval, logger, failures } = parts;
    this.#followed = new FollowedFile({ path, interval, load: () => this.#load(), logger, failures });
    this.opened = this.#followed.open();
  }

  get name(): Name {
    return this.#parts.name;
  }

  /** What is served now; undefined until the file has been read. Whoever looks at it depends on `fileFact` of the path. */
  get answers(): ZoneAnswers | undefined {
    return this.#answers;
  }

  get zone(): Zone | undefined {
    return this.#answers?.zone;
  }

  /** When the file that is served was changed, in milliseconds since the epoch; undefined where none was read. */
  get modified(): number | undefined {
    return this.#followed.modified;
  }

  contents(): ZoneContents | undefined {
    const zone = this.zone;
    return zone && { soa: zone.parts.soa, records: zone.records() };
  }

  onChange(changed: () => void): () => void {
    // Each call has an entry of its own, whatever function it gives.
    const listener = (): void => changed();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#followed.close();
    this.#listeners.clear();
  }

  async #load(): Promise<Loading> {
    const { path, name, byTime, logger } = this.#parts;
    const before = this.zone?.parts.soa.soa.serial;
    const { outcome, included, digest } = await loadZone({ path, name, knownSerial: byTime ? undefined : before });
    if (this.#followed.closed) return { trouble: undefined, included };
    // The files of a ConfigMap are all new where one of them is.
    const isKnownText = digest === this.#digest || digest === this.#servedDigest;
    this.#digest = digest;
    switch (outcome.kind) {
      case 'trouble':
        return { trouble: outcome.trouble, included };
      case 'same-serial':
        if (!isKnownText) logger.warning(`${path} ${unchangedSerial(name, before)}`);
        return { trouble: undefined, included };
      case 'zone':
        this.#servedDigest = digest;
        this.#use(outcome.zone, outcome.remarks, before);
        return { trouble: undefined, included };
    }
  }

  #use(zone: Zone, remarks: readonly string[], before: number | undefined): void {
    const { path, name, facts, logger } = this.#parts;
    this.#answers = new ZoneAnswers(zone);
    facts.changed(fileFact(path));
    for (const remark of remarks) logger.warning(remark);
    const { serial } = zone.parts.soa.soa;
    if (before !== undefined) logger.info(`${name.toString()} is served anew from ${path}, serial ${serial}`);
    if (serial !== before) for (const listener of this.#listeners) listener();
  }
}

function unchangedSerial(name: Name, serial: number | undefined): string {
  return (
    `has changed, but the serial ${serial} of ${name.toString()} has not; what was read before is served on: ` +
    "raise the serial, or write 'reload_by_mtime'"
  );
}

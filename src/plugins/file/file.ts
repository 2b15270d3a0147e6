/**
 * `file`: zones out of master files (RFC 1035 §5), with full authority over them.
 *
 *     question in a zone of a file? ──no──► next
 *            │yes
 *     zone read? ──no──► SERVFAIL
 *            │yes
 *     answer.ts ──► no such name, and fallthrough ──► next
 *               ──► the answer
 */
import { resolve } from 'node:path';
import { type Fact, fileFact } from '../../cluster/facts.ts';
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { isTransfer } from '../../dns/message.ts';
import type { Name } from '../../dns/name.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { type Outcome, failure } from '../answer.ts';
import { describeTrouble } from '../followed-file.ts';
import type { FileFault, Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { FALL_THROUGH, coverBlock, zoneOf } from '../zone-arguments.ts';
import { ZoneMap } from '../zone-map.ts';
import { loadZone } from './load.ts';
import { type FileOptions, readFileOptions } from './options.ts';
import { ZoneFile } from './zone-file.ts';

const NO_TRANSFER = failure(Rcode.REFUSED, explain('transferNotServed'));

export const file: PluginDirective = {
  kind: 'plugin',
  name: 'file',
  answers: true,
  configure(uses, context) {
    const lines = readFileOptions(uses, context);
    const isLast = lines.every(({ fallthrough }) => fallthrough.length === 0);
    const zones = lines.flatMap((line) => line.zones);
    return {
      takesAll: isLast && coverBlock(zones, context) ? { use: uses[0], instead: FALL_THROUGH } : undefined,
      async create(host) {
        const served = lines.flatMap((line) => serve(line, resolve(context.folder, line.file), host));
        const withdraw = observe(host.metrics, served);
        try {
          await checkOpened(served);
        } catch (error) {
          withdraw();
          throw error;
        }
        host.neighbours.zones.push(...served.map(({ zoneFile }) => zoneFile));
        return { plugin: new File(served), close: withdraw };
      },
      async check() {
        const faults: FileFault[] = [];
        for (const line of lines) {
          // oxlint-disable-next-line no-await-in-loop -- one zone in memory at a time
          faults.push(...(await checkFile(line, resolve(context.folder, line.file))));
        }
        return faults;
      },
    };
  },
};

/** A zone of a line. */
interface Served {
  readonly path: string;
  readonly fact: Fact;
  readonly zoneFile: ZoneFile;
  readonly reload: number;
  readonly fallthrough: readonly Name[];
}

function serve({ zones, reload, byTime, fallthrough }: FileOptions, path: string, host: Host): readonly Served[] {
  const help = 'Times that a zone file broke or went away, so that its last content stayed in service.';
  const failures = host.metrics.counter('nodens_file_reload_failures_total', help, ['zone']);
  return zones.map((name) => {
    const zone = name.toString();
    const key = JSON.stringify([path, zone, reload, byTime]);
    const create = (): ZoneFile =>
      new ZoneFile({
        path,
        name: name.keepSuffixKeys(),
        reload,
        byTime,
        facts: host.facts,
        logger: host.logger('file'),
        failures: failures.with(zone),
      });
    return { path, fact: fileFact(path), zoneFile: host.shared(ZoneFile, key, create), reload, fallthrough };
  });
}

/**
 * Waits for the first reading. A file that is missing may come yet; one that is wrong is what the operator is to hear of now.
 *
 * @throws Error where a zone cannot be served, and not by waiting for its file either
 */
async function checkOpened(served: readonly Served[]): Promise<void> {
  const troubles = await Promise.all(served.map(({ zoneFile }) => zoneFile.opened));
  for (const [i, { path, zoneFile, reload }] of served.entries()) {
    const trouble = troubles[i];
    if (trouble === undefined || zoneFile.answers !== undefined) continue;
    if (trouble.kind === 'missing' && reload > 0) continue;
    throw new Error(`plugin/file: ${describeTrouble(path, trouble, false)}`);
  }
}

/** The same before a start: what would keep the server from it, and what it would tell of. */
async function checkFile({ file: word, zones, reload }: FileOptions, path: string): Promise<readonly FileFault[]> {
  const faults: FileFault[] = [];
  for (const name of zones) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    const { outcome } = await loadZone({ path, name, knownSerial: undefined });
    if (outcome.kind === 'zone') {
      faults.push(...outcome.remarks.map((message) => ({ severity: 'warning' as const, message, file: word })));
    } else if (outcome.kind === 'trouble') {
      const isAwaited = outcome.trouble.kind === 'missing' && reload > 0;
      const message = describeTrouble(path, outcome.trouble, false);
      faults.push({ severity: isAwaited ? 'note' : 'error', message, file: word });
    }
  }
  return faults;
}

/** The result takes the gauges out again. */
function observe(metrics: Metrics, served: readonly Served[]): () => void {
  const gauges = [
    metrics.collect('nodens_file_records', 'Records of a zone that is served from a file.', ['zone'], (set) => {
      for (const { zoneFile } of served) set(zoneFile.zone?.parts.size ?? 0, zoneFile.name.toString());
    }),
    metrics.collect('nodens_file_serial', 'Serial of a zone that is served from a file.', ['zone'], (set) => {
      for (const { zoneFile } of served) {
        const soa = zoneFile.zone?.parts.soa;
        if (soa !== undefined) set(soa.soa.serial, zoneFile.name.toString());
      }
    }),
  ];
  return () => {
    for (const withdraw of gauges) withdraw();
  };
}

class File implements Plugin {
  readonly name = 'file';
  readonly replayable = true;
  readonly #zones: ZoneMap<Served>;

  constructor(served: readonly Served[]) {
    this.#zones = new ZoneMap(served.map((one) => [one.zoneFile.name, one]));
  }

  answer(query: Query, next: Next): Outcome {
    const served = query.question.class === Class.IN ? this.#zoneFor(query) : undefined;
    if (served === undefined) return next.answer(query);
    if (isTransfer(query.type)) return NO_TRANSFER;
    const { zoneFile, fact, fallthrough, path } = served;
    query.dependsOn(fact);
    const { answers } = zoneFile;
    if (answers === undefined) {
      const error = `${path} has not been read yet`;
      return failure(Rcode.SERVFAIL, explain('zoneNotLoaded'), error);
    }
    const noName = zoneOf(fallthrough, query.name) === undefined ? undefined : (): Outcome => next.answer(query);
    return answers.answer(query, (name) => this.#zones.find(name) === served, noName);
  }

  /** DS records of an apex stand in the zone above it, where that is served here too. */
  #zoneFor({ name, type }: Query): Served | undefined {
    const served = this.#zones.find(name);
    if (type !== Type.DS || served?.zoneFile.name.equals(name) !== true || name.labelCount === 0) return served;
    return this.#zones.find(name.ancestor(1)) ?? served;
  }
}

/**
 * `hosts`: answers from a file in the form of /etc/hosts and from lines in the Corefile. A, AAAA, and PTR for the
 * addresses that stand there.
 *
 *     class IN, or any? ──no──► next
 *            │yes
 *     question in the zones? ──no──► next                 PTR questions are looked at in any zone
 *            │yes
 *     name there? ──no──► next (fallthrough), or SERVFAIL: without an SOA there is no honest NXDOMAIN
 *            │yes
 *     records, or NOERROR without any
 */
import { resolve } from 'node:path';
import { type Fact, fileFact } from '../../cluster/facts.ts';
import { parseReverseName } from '../../dns/address.ts';
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { isOfInternet } from '../../dns/question.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { Metrics, Series } from '../../telemetry/metrics.ts';
import { type Outcome, failure, reply } from '../answer.ts';
import { faultOf, readStamp } from '../followed-file.ts';
import { onlyUse } from '../once.ts';
import type { FileFault, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { HostsFile, KeptHosts } from './file.ts';
import { loadHosts } from './loader.ts';
import { type HostsOptions, readHostsOptions } from './options.ts';
import { explain } from '../reasons.ts';
import { FALL_THROUGH, coverBlock, zoneOf } from '../zone-arguments.ts';

const NO_TYPE = reply({ explanation: explain('noSuchType') });
const NOT_THERE = failure(Rcode.SERVFAIL, explain('noSuchHost'));

export const hosts: PluginDirective = {
  kind: 'plugin',
  name: 'hosts',
  answers: true,
  configure(uses, context) {
    const use = onlyUse(uses, context.problems);
    const options = readHostsOptions(use, context);
    const path = resolve(context.folder, options.file);
    const passesOn = options.fallthrough.length > 0 || options.fallthroughUnsupported;
    return {
      takesAll: passesOn || !coverBlock(options.zones, context) ? undefined : { use, instead: FALL_THROUGH },
      async create(host) {
        const { inline, reverse, reload } = options;
        const source = { path, inline, reverse, reload };
        const kept = host.shared(KeptHosts, JSON.stringify([path, reverse]), () => new KeptHosts());
        const failures = reloadFailures(host.metrics, path);
        const file = await HostsFile.open({ source, kept, facts: host.facts, logger: host.logger('hosts'), failures });
        const withdraw = observe(host.metrics, path, file);
        const close = (): void => {
          withdraw();
          file.close();
        };
        return { plugin: new Hosts(file, fileFact(path), options), close };
      },
      check: () => checkFile(path),
    };
  },
};

/** A server starts whatever stands in the file, and tells. */
async function checkFile(path: string): Promise<readonly FileFault[]> {
  const stamp = await readStamp(path);
  const loading = stamp.kind === 'file' ? await loadHosts(path, false) : stamp;
  if (loading.kind === 'content') {
    return loading.remarks.map((remark) => ({ severity: 'warning', message: `${path}: ${remark}` }));
  }
  return [faultOf(path, loading)];
}

function reloadFailures(metrics: Metrics, path: string): Series {
  const help = 'Times that a hosts file broke or went away, so that its last content stayed in service.';
  return metrics.counter('nodens_hosts_reload_failures_total', help, ['hostsfile']).with(path);
}

/** The result takes the gauges out again. */
function observe(metrics: Metrics, path: string, file: HostsFile): () => void {
  const entries = metrics.collect(
    'coredns_hosts_entries',
    'Names with an address of a hosts file and of the Corefile.',
    ['hostsfile'],
    (set) => set(file.table.size, path),
  );
  const timestamp = metrics.collect(
    'coredns_hosts_reload_timestamp_seconds',
    'When the hosts file that is served was changed, in seconds since the epoch.',
    [],
    (set) => set((file.modified ?? 0) / 1000),
  );
  return () => {
    entries();
    timestamp();
  };
}

class Hosts implements Plugin {
  readonly name = 'hosts';
  readonly replayable = true;
  readonly #file: HostsFile;
  readonly #fact: Fact;
  readonly #options: HostsOptions;

  constructor(file: HostsFile, fact: Fact, options: HostsOptions) {
    this.#file = file;
    this.#fact = fact;
    this.#options = options;
  }

  answer(query: Query, next: Next): Outcome {
    // A hosts file has nothing else.
    if (!isOfInternet(query.question)) return next.answer(query);
    if (query.type === Type.PTR) return this.#names(query, next);
    if (zoneOf(this.#options.zones, query.name) === undefined) return next.answer(query);
    return this.#addresses(query, next);
  }

  #names(query: Query, next: Next): Outcome {
    const question = parseReverseName(query.name);
    if (question?.kind !== 'address') return next.answer(query);
    query.dependsOn(this.#fact);
    const targets = this.#file.table.namesOf(question.octets).map((text) => Name.fromText(text));
    if (targets.length === 0) return next.answer(query);
    return this.#reply({ ...this.#header(query), kind: 'name', targets });
  }

  #addresses(query: Query, next: Next): Outcome {
    const { fallthrough, fallthroughUnsupported } = this.#options;
    query.dependsOn(this.#fact);
    const addresses = this.#file.table.addressesOf(query.name);
    if (addresses === undefined) {
      return zoneOf(fallthrough, query.name) === undefined ? NOT_THERE : next.answer(query);
    }
    const size = query.type === Type.A ? 4 : query.type === Type.AAAA ? 16 : undefined;
    if (size === undefined) return fallthroughUnsupported ? next.answer(query) : NO_TYPE;
    const octets = addresses.filter(({ length }) => length === size);
    if (octets.length === 0) return NO_TYPE;
    return this.#reply({ ...this.#header(query), kind: 'address', octets: new Uint8Array(Buffer.concat(octets)) });
  }

  #header({ name, type }: Query): Pick<RRset, 'owner' | 'type' | 'class' | 'ttl'> {
    return { owner: name, type, class: Class.IN, ttl: this.#options.ttl };
  }

  #reply(set: RRset): Outcome {
    return reply({ answers: [set] });
  }
}

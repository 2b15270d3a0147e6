/**
 * The `transfer` directive: gives whole zones to secondaries and tells them of changes (README.md beside this file is its
 * manual page). The zones are those that other plugins of the block offer (neighbours.ts).
 *
 *     AXFR, IXFR ─► zone of a directive? ─► client in `to`? ─► over a stream? ─► zone known? ─► serial current? ─► Transfer
 *                        └─ no: next          └─ REFUSED         └─ REFUSED        ├─ to nobody: next   └─ the SOA alone
 *                                                                   or the SOA     └─ not yet: SERVFAIL
 *
 * | RFC | of it |
 * |---|---|
 * | 5936 | AXFR: over TCP alone, SOA first and last |
 * | 1995 | IXFR: the SOA alone for the current serial or over UDP, else the whole zone (§4) |
 * | 1982 | serials are compared in a circle |
 * | 1996 | NOTIFY |
 */
import { Class, Opcode, Rcode, Type } from '../../dns/constants.ts';
import { isTransfer, opcodeOf } from '../../dns/message.ts';
import type { RRset, SoaRRset } from '../../dns/rrset.ts';
import { clientOctets } from '../networks.ts';
import { type Outcome, type RunningTransfer, type Transfer, failure, reply } from '../answer.ts';
import type { NeighbourZone, ZoneContents } from '../neighbours.ts';
import type { Channel, Endpoint } from '../network.ts';
import type { Host, Next, Plugin, PluginDirective, RunningPlugin } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { TransferCounts } from './counts.ts';
import { ZoneNotifier } from './notify.ts';
import { type TransferRule, type TransferRules, readRules } from './options.ts';
import { TransferSlots } from './slots.ts';

export const transfer: PluginDirective = {
  kind: 'plugin',
  name: 'transfer',
  configure(uses, context) {
    const rules = readRules(uses, context);
    return context.problems.hasErrors ? undefined : { create: (host) => create(rules, host) };
  },
};

function create(rules: TransferRules, host: Host): RunningPlugin {
  const counts = new TransferCounts(host.metrics);
  const notifications = new Notifications(rules, counts, host);
  return {
    plugin: new ZoneTransfer(rules, counts, host),
    inService: () => notifications.start(),
    close: () => notifications.close(),
  };
}

class ZoneTransfer implements Plugin {
  readonly name = 'transfer';
  readonly replayable = true;
  readonly #rules: TransferRules;
  readonly #counts: TransferCounts;
  readonly #zones: readonly NeighbourZone[];
  readonly #slots: TransferSlots;

  constructor(rules: TransferRules, counts: TransferCounts, host: Host) {
    this.#rules = rules;
    this.#counts = counts;
    this.#zones = host.neighbours.zones;
    this.#slots = host.shared(TransferSlots, '', () => new TransferSlots());
  }

  answer(query: Query, next: Next): Outcome {
    if (!isTransfer(query.type)) return next.answer(query);
    query.replaying.forbid();
    const found = this.#rules.find(query.name);
    const isQuery = opcodeOf(query.request.flags) === Opcode.QUERY && query.question.class === Class.IN;
    if (found === undefined || !isQuery) return next.answer(query);
    if (!mayHave(found.rule, query)) {
      this.#counts.request(found.zone.toLowerCase(), 'refused');
      return NOT_ALLOWED;
    }
    const isStreamed = query.client.protocol !== 'udp';
    if (query.type === Type.AXFR && !isStreamed) {
      this.#counts.request(found.zone.toLowerCase(), 'refused');
      return NOT_OVER_UDP;
    }
    const zone = this.#zones.find(({ name }) => name.equals(query.name));
    return zone === undefined ? next.answer(query) : this.#transfer(query, zone, isStreamed);
  }

  #transfer(query: Query, zone: NeighbourZone, isStreamed: boolean): Outcome {
    const contents = zone.contents();
    const text = zone.name.toLowerCase();
    if (contents === undefined) {
      this.#counts.request(text, 'unknown');
      return failure(Rcode.SERVFAIL, explain('zoneNotKnown'), `the content of ${text} is not known yet`);
    }
    const { soa } = contents;
    // RFC 1995 §2: over UDP the SOA says that there is more, and the client comes again over TCP.
    if (query.type === Type.IXFR && (!isStreamed || isCurrent(query, soa))) {
      this.#counts.request(text, 'current');
      return reply({ answers: [soa] });
    }
    const { clientAddress } = query.client;
    if (!this.#slots.hasRoom(clientAddress)) {
      this.#counts.request(text, 'busy');
      return TOO_MANY;
    }
    return transferOf(soa, () => this.#begin(zone, clientAddress));
  }

  /** What is sent is the content of the moment in which it begins. */
  #begin(zone: NeighbourZone, client: string): RunningTransfer | undefined {
    const contents = zone.contents();
    const release = contents && this.#slots.take(client);
    const text = zone.name.toLowerCase();
    if (contents === undefined || release === undefined) {
      this.#counts.request(text, contents === undefined ? 'unknown' : 'busy');
      return undefined;
    }
    return {
      records: wholeZone(contents),
      ended: (isWhole) => {
        release();
        this.#counts.request(text, isWhole ? 'whole' : 'cut');
      },
    };
  }
}

const NOT_ALLOWED = failure(Rcode.REFUSED, explain('transferNotAllowed'));
const NOT_OVER_UDP = failure(Rcode.REFUSED, explain('transferOverUdp'));
const TOO_MANY = failure(Rcode.SERVFAIL, explain('tooManyTransfers'), 'too many transfers are under way');

function transferOf(soa: SoaRRset, begin: Transfer['begin']): Transfer {
  return { kind: 'transfer', rcode: Rcode.NOERROR, fromUpstream: false, explanation: undefined, soa, begin };
}

function mayHave({ to }: TransferRule, query: Query): boolean {
  if (to === undefined) return true;
  const octets = clientOctets(query.client.clientAddress);
  return octets !== undefined && to.has(octets);
}

/** True where the client's serial, in the SOA of the authority section, is ours or a newer one (RFC 1995 §2, RFC 1982). */
function isCurrent({ request }: Query, { owner, soa }: SoaRRset): boolean {
  for (const set of request.authorityRecords) {
    if (set.kind === 'soa' && set.owner.equals(owner)) return ((set.soa.serial - soa.serial) | 0) >= 0;
  }
  return false;
}

/** RFC 5936 §2.2: the SOA, everything else, the same SOA. */
function wholeZone({ soa, records }: ZoneContents): Iterator<RRset, void, void> {
  // Asked for now, before the first message is: what is listed belongs to this SOA.
  const inside = records[Symbol.iterator]();
  return (function* whole() {
    yield soa;
    for (let next = inside.next(); next.done !== true; next = inside.next()) yield next.value;
    yield soa;
  })();
}

/** The notifiers of all zones that secondaries are told of. */
class Notifications {
  readonly #rules: TransferRules;
  readonly #counts: TransferCounts;
  readonly #host: Host;
  readonly #channels = new Map<string, Channel>();
  readonly #notifiers: ZoneNotifier[] = [];

  constructor(rules: TransferRules, counts: TransferCounts, host: Host) {
    this.#rules = rules;
    this.#counts = counts;
    this.#host = host;
  }

  /** To be called once all plugins of the block have been created. */
  start(): void {
    const log = this.#host.logger('transfer');
    for (const zone of this.#host.neighbours.zones) {
      const rule = this.#rules.find(zone.name)?.rule;
      if (rule === undefined || rule.notified.length === 0) continue;
      const secondaries = rule.notified.map((at) => ({ at, channel: this.#channel(at, rule.source) }));
      const text = zone.name.toLowerCase();
      const count = (result: Parameters<TransferCounts['notify']>[1]): void => this.#counts.notify(text, result);
      this.#notifiers.push(new ZoneNotifier(zone, secondaries, { log, count }));
    }
  }

  close(): void {
    for (const notifier of this.#notifiers) notifier.close();
    for (const channel of this.#channels.values()) channel.close();
  }

  #channel(to: Endpoint, source: string | undefined): Channel {
    const sameFamily = source !== undefined && source.includes(':') === to.address.includes(':');
    const key = JSON.stringify([to.address, to.port, sameFamily ? source : '']);
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = this.#host.network.channel({
        protocol: 'udp',
        to,
        source: sameFamily ? source : undefined,
        tls: undefined,
        method: 'POST',
        idle: 0,
        maxAge: 0,
        maxIdle: 0,
        connectTimeout: 0,
      });
      this.#channels.set(key, channel);
    }
    return channel;
  }
}

/**
 * `local`: answers what no server should ask another: `localhost` and names below it (RFC 6761 §6.3), the reverse zones
 * of 127/8, 0/8 and 255/8 (RFC 6303 §4.2), and, unless that is turned off, `localhost.ANYTHING`, which search paths make.
 */
import { eachOption, expectArguments, forbidBlock, readChoice } from '../../corefile/options.ts';
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type Outcome, reply } from '../answer.ts';
import { CountedAgain } from '../counted-again.ts';
import { onlyUse } from '../once.ts';
import { zoneOf } from '../zone-arguments.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

/** Seconds: a week, as the answer never changes. */
const TTL = 604_800;

const LOCALHOST = Name.fromText('localhost.');
const MAILBOX = Name.fromText('root.localhost.');
const LOOPBACK_NAME = Name.fromText('1.0.0.127.in-addr.arpa.');
const REVERSE_ZONES = ['0.in-addr.arpa.', '127.in-addr.arpa.', '255.in-addr.arpa.'].map((text) => Name.fromText(text));
const IPV4_LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const IPV6_LOOPBACK = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

export const local: PluginDirective = {
  kind: 'plugin',
  name: 'local',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    let prefix = true;
    expectArguments(use, problems, { max: 0, usage: 'local { localhost_prefix on|off }' });
    eachOption(use, problems, {
      localhost_prefix(option) {
        forbidBlock(option, problems);
        const [word] = option.args;
        if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'localhost_prefix on|off' }) || !word) return;
        prefix = readChoice(word, problems, ['on', 'off']) !== 'off';
      },
    });
    return {
      create({ metrics }) {
        const name = 'coredns_local_localhost_requests_total';
        const help = 'Questions for localhost in front of another name, which search paths make.';
        return { plugin: new Local(prefix, new CountedAgain(metrics.counter(name, help).with())) };
      },
    };
  },
};

class Local implements Plugin {
  readonly name = 'local';
  readonly replayable = true;
  readonly #prefix: boolean;
  readonly #prefixed: CountedAgain;

  /** @param prefixed counts questions for `localhost.ANYTHING` */
  constructor(prefix: boolean, prefixed: CountedAgain) {
    this.#prefix = prefix;
    this.#prefixed = prefixed;
  }

  answer(query: Query, next: Next): Outcome {
    const { name } = query;
    if (name.isAtOrBelow(LOCALHOST)) return loopback(query, name.ancestor(name.labelCount - 1));
    const zone = zoneOf(REVERSE_ZONES, name);
    if (zone !== undefined) return reverse(query, zone);
    if (!this.#prefix || name.labelCount < 2 || name.label(0) !== 'localhost') return next.answer(query);
    this.#prefixed.again();
    query.replaying.each(this.#prefixed);
    // No zone is known above such a name, so that it is its own.
    return loopback(query, name);
  }
}

/** `localhost.` itself, a name below it, or `localhost.` in front of another name. */
function loopback({ name, type }: Query, zone: Name): Outcome {
  if (type === Type.A || type === Type.AAAA) {
    const octets = type === Type.A ? IPV4_LOOPBACK : IPV6_LOOPBACK;
    return positive({ kind: 'address', owner: name, type, class: Class.IN, ttl: TTL, octets });
  }
  return name.equals(LOCALHOST) ? apex(type, name) : negative(Rcode.NOERROR, zone);
}

function reverse({ name, type }: Query, zone: Name): Outcome {
  if (name.equals(zone)) return apex(type, name);
  if (name.equals(LOOPBACK_NAME) && type === Type.PTR) {
    return positive({ kind: 'name', owner: name, type, class: Class.IN, ttl: TTL, targets: [LOCALHOST] });
  }
  // The names above the one that exists are empty non-terminals (RFC 8020).
  return negative(LOOPBACK_NAME.isAtOrBelow(name) ? Rcode.NOERROR : Rcode.NXDOMAIN, zone);
}

function apex(type: number, zone: Name): Outcome {
  if (type === Type.SOA) return positive(soa(zone));
  if (type !== Type.NS) return negative(Rcode.NOERROR, zone);
  return positive({ kind: 'name', owner: zone, type, class: Class.IN, ttl: TTL, targets: [LOCALHOST] });
}

function positive(set: RRset): Outcome {
  return reply({ authoritative: false, answers: [set] });
}

function negative(rcode: number, zone: Name): Outcome {
  return reply({ authoritative: false, rcode, authority: [soa(zone)] });
}

function soa(owner: Name): RRset {
  const timers = { serial: 1, refresh: 0, retry: 0, expire: 0, minimum: TTL };
  const data = { primary: LOCALHOST, mailbox: MAILBOX, ...timers };
  return { kind: 'soa', owner, type: Type.SOA, class: Class.IN, ttl: TTL, soa: data };
}

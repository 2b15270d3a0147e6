/**
 * The names outside of the cluster and the upstream that has them, as a state: which of them exist is drawn from their spelling and a
 * number, so that any name that a walk may come to is there or not without a list. A name's addresses are its own.
 */
import { hashName } from '../../src/cluster/name-table.ts';
import { Class, Rcode, Type } from '../../src/dns/constants.ts';
import type { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { type Answer, failure, reply } from '../../src/plugins/answer.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { explain } from '../../src/plugins/reasons.ts';
import type { Random } from '../fuzz/random.ts';
import type { Family } from './stub.ts';

export interface Upstream {
  /** Which names exist. */
  readonly names: number;
  /** One name in eight is there if it was not, and not if it was: those of this number. */
  readonly turned: number;
  /** For which questions it fails; 0 for none. */
  readonly failing: number;
}

/** Of sixteen names, how many have addresses of IPv4, of IPv6, of both, and none. */
const EXISTENCE: readonly (readonly Family[] | undefined)[] = [
  ...Array.from({ length: 9 }, () => undefined),
  ...Array.from({ length: 3 }, () => [4] as const),
  [6],
  [4, 6],
  [4, 6],
  [],
];
const TURNS = 8;
const TOP_LEVEL_DOMAINS: ReadonlySet<string> = new Set(['com', 'dev', 'example']);
/** While an upstream fails, one name in so many fails, for one type or for both. */
const FAILING_NAMES = 3;

export function drawUpstream(random: Random): Upstream {
  return { names: random.next(), turned: random.below(TURNS), failing: random.once(3) ? random.next() | 1 : 0 };
}

export function changeUpstream(before: Upstream, random: Random): Upstream {
  if (random.once(4)) return { ...before, turned: random.below(TURNS) };
  return { ...before, failing: before.failing === 0 || random.once(2) ? random.next() | 1 : 0 };
}

/** What stands below `kubernetes`: whatever state it is in is set before each query. */
export class World implements Plugin {
  readonly name = 'world';
  readonly replayable = true;
  upstream: Upstream = { names: 0, turned: 0, failing: 0 };

  answer({ name, type }: { readonly name: Name; readonly type: number }): Answer {
    const { names, turned, failing } = this.upstream;
    const failed = failing === 0 ? undefined : failureOf(name, type, failing);
    if (failed !== undefined) return failed;
    const draw = mixed(name, names);
    const isTurned = (draw >>> 8) % TURNS === turned;
    if (!isPossible(name)) return NOT_THERE;
    const families = EXISTENCE[isTurned ? EXISTENCE.length - 1 - (draw % EXISTENCE.length) : draw % EXISTENCE.length];
    if (families === undefined) return NOT_THERE;
    const family = type === Type.A ? 4 : type === Type.AAAA ? 6 : undefined;
    if (family === undefined || !families.includes(family)) return NO_DATA;
    const octets = addressOf(name, family);
    const set: RRset = { owner: name, type, class: Class.IN, ttl: 300, kind: 'address', octets };
    return reply({ ...UPSTREAM, answers: [set] });
  }
}

/** Nobody outside has a name that ends in anything else, nor one with the tree of a cluster in it. */
function isPossible(name: Name): boolean {
  if (!TOP_LEVEL_DOMAINS.has(name.label(name.labelCount - 1))) return false;
  return !name.starts.some((_, i) => name.label(i) === 'svc');
}

function mixed(name: Name, salt: number): number {
  let hash = Math.imul(hashName('', name.key) ^ salt, 0x9e37_79b1);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85eb_ca77);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Nobody answers at all, or a server answers with a failure: for one type or for both. */
function failureOf(name: Name, type: number, failing: number): Answer | undefined {
  const draw = mixed(name, failing);
  if (draw % FAILING_NAMES !== 0) return undefined;
  switch ((draw >>> 8) % 4) {
    case 0:
      return type === Type.A ? SERVER_FAILURE : undefined;
    case 1:
      return type === Type.A ? undefined : SERVER_FAILURE;
    case 2:
      return SERVER_FAILURE;
    default:
      return SILENCE;
  }
}

function addressOf(name: Name, family: Family): Uint8Array {
  const octets = new Uint8Array(family === 4 ? 4 : 16);
  octets[0] = family === 4 ? 203 : 0x20;
  const hash = hashName('', name.key);
  octets[octets.length - 3] = hash >>> 16;
  octets[octets.length - 2] = hash >>> 8;
  octets[octets.length - 1] = hash;
  return octets;
}

const UPSTREAM = { authoritative: false, recursionAvailable: true } as const;
const NOT_THERE = reply({ ...UPSTREAM, rcode: Rcode.NXDOMAIN });
const NO_DATA = reply(UPSTREAM);
const SERVER_FAILURE = reply({ ...UPSTREAM, rcode: Rcode.SERVFAIL });
const SILENCE = failure(Rcode.SERVFAIL, explain('upstreamsSilent'));

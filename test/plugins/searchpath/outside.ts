/** Names outside of a cluster, as an upstream would have them: what stands below `kubernetes` in the tests of `searchpath`. */
import { Class, Rcode, Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import type { RRset, SoaRRset } from '../../../src/dns/rrset.ts';
import { type Answer, type Outcome, failure, reply } from '../../../src/plugins/answer.ts';
import type { Plugin } from '../../../src/plugins/plugin.ts';
import { explain } from '../../../src/plugins/reasons.ts';

/**
 * Addresses of a name, or what becomes of a question for it: `failed` and `refused` are what an upstream says, `silent` where none says
 * anything, `dropped` where the server is to say nothing; `broken` fails for AAAA and otherwise says that there is no such name.
 */
export type OutsideName = readonly (readonly number[])[] | 'refused' | 'failed' | 'silent' | 'dropped' | 'broken';

export interface Outside extends Plugin {
  readonly names: Map<string, OutsideName>;
  /** Names that were asked for since the last call. */
  taken(): readonly string[];
}

/** Seconds. */
export const OUTSIDE_TTL = 300;
const NEGATIVE_TTL = 60;

const SOA: SoaRRset = {
  owner: Name.root,
  type: Type.SOA,
  class: Class.IN,
  ttl: NEGATIVE_TTL,
  kind: 'soa',
  soa: {
    primary: Name.fromText('a.root.test.'),
    mailbox: Name.fromText('b.root.test.'),
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: NEGATIVE_TTL,
  },
};

/** @param waits answers come in a later tick */
export function outside(names: Readonly<Record<string, OutsideName>>, waits = false): Outside {
  const known = new Map(Object.entries(names));
  const asked: string[] = [];
  return {
    name: 'outside',
    replayable: true,
    names: known,
    taken: () => asked.splice(0),
    answer(query): Outcome {
      const text = query.name.toLowerCase();
      asked.push(text);
      const answer = answerTo(query.name, query.type, known.get(text));
      return waits ? Promise.resolve(answer) : answer;
    },
  };
}

const upstream = { authoritative: false, recursionAvailable: true } as const;

function answerTo(owner: Name, type: number, found: OutsideName | undefined): Answer {
  const missing = reply({ ...upstream, rcode: Rcode.NXDOMAIN, authority: [SOA] });
  const failed = reply({ ...upstream, rcode: Rcode.SERVFAIL, explanation: explain('upstreamFailed') });
  if (found === undefined) return missing;
  switch (found) {
    case 'refused':
      return reply({ ...upstream, rcode: Rcode.REFUSED });
    case 'failed':
      return failed;
    case 'silent':
      return failure(Rcode.SERVFAIL, explain('upstreamsSilent', '192.0.2.1:53'), 'silent');
    case 'dropped':
      return { kind: 'silence' };
    case 'broken':
      return type === Type.AAAA ? failed : missing;
    default:
      return addressesOf(owner, type, found);
  }
}

function addressesOf(owner: Name, type: number, found: readonly (readonly number[])[]): Answer {
  const width = type === Type.A ? 4 : type === Type.AAAA ? 16 : 0;
  const octets = Uint8Array.from(found.filter(({ length }) => length === width).flat());
  if (octets.length === 0) return reply({ ...upstream, authority: [SOA] });
  const set: RRset = { owner, type, class: Class.IN, ttl: OUTSIDE_TTL, kind: 'address', octets };
  return reply({ ...upstream, answers: [set] });
}

/** Names outside of the cluster, as an upstream would have them: what stands at the end of a chain in tests. */
import { Class, Rcode, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset, SoaRRset } from '../../src/dns/rrset.ts';
import { type Answer, failure, reply } from '../../src/plugins/answer.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { explain } from '../../src/plugins/reasons.ts';

/** Addresses of a name, or what becomes of a question for it. */
export type Known = readonly (readonly number[])[] | 'refused' | 'failed' | 'silence';

export interface World extends Plugin {
  /** Names and types that were asked for since the last call. */
  taken(): readonly string[];
}

const TTL = 300;
const NEGATIVE_TTL = 60;
const SOA: SoaRRset = {
  owner: Name.root,
  type: Type.SOA,
  class: Class.IN,
  ttl: 900,
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
export function world(names: Readonly<Record<string, Known>>, waits = false): World {
  const asked: string[] = [];
  return {
    name: 'world',
    replayable: true,
    taken: () => asked.splice(0),
    answer({ name, type }) {
      asked.push(`${name.toLowerCase()} ${type === Type.AAAA ? 'AAAA' : type === Type.A ? 'A' : type}`);
      const answer = answerTo(name, type, names[name.toLowerCase()]);
      return waits ? Promise.resolve(answer) : answer;
    },
  };
}

function answerTo(owner: Name, type: number, known: Known | undefined): Answer {
  const upstream = { authoritative: false, recursionAvailable: true, fromUpstream: true };
  if (known === undefined) return reply({ ...upstream, rcode: Rcode.NXDOMAIN, authority: [SOA] });
  if (known === 'refused') return reply({ ...upstream, rcode: Rcode.REFUSED });
  if (known === 'failed') return failure(Rcode.SERVFAIL, explain('upstreamsSilent', '192.0.2.1:53'), 'silent');
  if (known === 'silence') return { kind: 'silence' };
  const width = type === Type.A ? 4 : type === Type.AAAA ? 16 : 0;
  const octets = Uint8Array.from(known.filter(({ length }) => length === width).flat());
  if (octets.length === 0) return reply({ ...upstream, authority: [SOA] });
  const set: RRset = { owner, type, class: Class.IN, ttl: TTL, kind: 'address', octets };
  return reply({ ...upstream, answers: [set] });
}

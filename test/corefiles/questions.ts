/** The questions that every stock Corefile is asked, and what the Kubernetes DNS specification and the upstream answer. */
import type { DecodedPacket, Question, ResourceRecord } from 'dns-packet';
import { OUTSIDE, OUTSIDE_V6 } from './cluster.ts';

export interface Expected {
  readonly rcode: string;
  /** Types and data of the answer section, sorted: a server may turn them. */
  readonly answers: readonly string[];
  /** Of the additional section, the OPT record left out. */
  readonly additional: readonly string[];
  /** Types of the authority section. */
  readonly authority: readonly string[];
}

export interface Asked {
  readonly what: string;
  readonly question: Question;
  readonly expected: Expected;
  /** Answered from the cluster: with its TTL. */
  readonly fromCluster: boolean;
}

export const NOTHING: Expected = { rcode: 'NOERROR', answers: [], additional: [], authority: [] };

function cluster(what: string, question: Question, expected: Partial<Expected>): Asked {
  return { what, question, expected: { ...NOTHING, ...expected }, fromCluster: true };
}

function external(what: string, question: Question, expected: Partial<Expected>): Asked {
  return { what, question, expected: { ...NOTHING, ...expected }, fromCluster: false };
}

const ZONE = 'default.svc.cluster.local';

export const questions: readonly Asked[] = [
  cluster('a cluster IP', { name: `nginx.${ZONE}`, type: 'A' }, { answers: ['A 10.96.0.80'] }),
  cluster('a name in another case', { name: `NGINX.${ZONE}`, type: 'A' }, { answers: ['A 10.96.0.80'] }),
  cluster('a family that a Service does not have', { name: `nginx.${ZONE}`, type: 'AAAA' }, { authority: ['SOA'] }),
  cluster('a headless Service', { name: `db.${ZONE}`, type: 'A' }, { answers: ['A 10.244.0.1', 'A 10.244.0.2'] }),
  cluster('an endpoint', { name: `db-1.db.${ZONE}`, type: 'A' }, { answers: ['A 10.244.0.2'] }),
  cluster(
    'SRV of a cluster IP',
    { name: `_http._tcp.nginx.${ZONE}`, type: 'SRV' },
    { answers: [`SRV 0 100 8080 nginx.${ZONE}`], additional: ['A 10.96.0.80'] },
  ),
  cluster(
    'SRV of a headless Service',
    { name: `_sql._tcp.db.${ZONE}`, type: 'SRV' },
    {
      answers: [`SRV 0 50 5432 db-0.db.${ZONE}`, `SRV 0 50 5432 db-1.db.${ZONE}`],
      additional: ['A 10.244.0.1', 'A 10.244.0.2'],
    },
  ),
  cluster('PTR of a cluster IP', { name: '80.0.96.10.in-addr.arpa', type: 'PTR' }, { answers: [`PTR nginx.${ZONE}`] }),
  cluster(
    'a Service that is not there',
    { name: `nope.${ZONE}`, type: 'A' },
    { rcode: 'NXDOMAIN', authority: ['SOA'] },
  ),
  cluster(
    'a namespace that is not there',
    { name: 'nginx.nope.svc.cluster.local', type: 'A' },
    { rcode: 'NXDOMAIN', authority: ['SOA'] },
  ),
  // It has a TTL of its own.
  external('the version of the schema', { name: 'dns-version.cluster.local', type: 'TXT' }, { answers: ['TXT 1.1.0'] }),
  cluster('a pod', { name: '10-244-0-1.default.pod.cluster.local', type: 'A' }, { answers: ['A 10.244.0.1'] }),
  cluster('everything of a Service', { name: `nginx.${ZONE}`, type: 'ANY' }, { authority: ['SOA'] }),
  external(
    'an ExternalName',
    { name: `outside.${ZONE}`, type: 'A' },
    { answers: [`A ${OUTSIDE}`, 'CNAME www.example.com'] },
  ),
  external(
    'PTR outside of the cluster',
    { name: '1.100.51.198.in-addr.arpa', type: 'PTR' },
    {
      answers: ['PTR host.example.com'],
    },
  ),
  external('a name outside of the cluster', { name: 'www.example.com', type: 'A' }, { answers: [`A ${OUTSIDE}`] }),
  external(
    'everything of a name outside of the cluster',
    { name: 'any.example.com', type: 'ANY' },
    {
      answers: [`A ${OUTSIDE}`],
    },
  ),
  external(
    'the version of the server',
    { name: 'version.bind', type: 'TXT', class: 'CH' },
    {
      answers: ['TXT upstream'],
    },
  ),
  external('its other family', { name: 'www.example.com', type: 'AAAA' }, { answers: [`AAAA ${OUTSIDE_V6}`] }),
  external('a name that is nowhere', { name: 'www.missing.test', type: 'A' }, { rcode: 'NXDOMAIN' }),
];

/** What a reply says, in the form of `Expected`. */
export function said(reply: DecodedPacket): Expected {
  return {
    rcode: reply.rcode,
    answers: texts(reply.answers),
    additional: texts(reply.additionals),
    authority: texts(reply.authorities),
  };
}

function texts(records: readonly ResourceRecord[]): readonly string[] {
  return records.flatMap((record) => textOf(record) ?? []).toSorted();
}

/** Type and data; of a SOA record the type alone, since its serial is a time. */
function textOf(record: ResourceRecord): string | undefined {
  switch (record.type) {
    case 'OPT':
      return undefined;
    case 'SOA':
      return 'SOA';
    case 'SRV': {
      const { priority, weight, port, target } = record.data;
      return `SRV ${priority} ${weight} ${port} ${target}`;
    }
    case 'MX':
      return `MX ${record.data.preference} ${record.data.exchange}`;
    case 'TXT':
      return `TXT ${Buffer.concat(record.data).toString('latin1')}`;
    default:
      return `${record.type} ${record.data}`;
  }
}

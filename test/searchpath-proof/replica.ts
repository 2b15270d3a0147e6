/**
 * A replica of the server: the real chain of `searchpath` and `kubernetes` over a state that is moved from one content of the cluster to
 * another. A content is a set of objects, as the bits of a number.
 */
import { formatAddress } from '../../src/dns/address.ts';
import { Rcode, Type } from '../../src/dns/constants.ts';
import { recordCount } from '../../src/dns/rrset.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import type { Answer } from '../../src/plugins/answer.ts';
import { makeService, makeSlice } from '../cluster/objects.ts';
import { type TestCluster, cluster } from '../plugins/cluster.ts';
import type { Random } from '../fuzz/random.ts';
import type { Family, Reaction } from './stub.ts';
import { type Upstream, World } from './world.ts';

/** An object that is there or not. */
interface Thing {
  set(state: ClusterState): void;
  remove(state: ClusterState): void;
}

export const ZONE = 'cluster.local';
/** The domain that nodes add to search paths. */
export const NODE_DOMAIN = 'corp.example';

const namespace = (name: string): Thing => ({
  set: (state) => state.setNamespace({ name, labels: {} }),
  remove: (state) => state.removeNamespace(name),
});

function service(name: string, of: string, parts: Parameters<typeof makeService>[0] = {}): Thing {
  const object = makeService({ name, namespace: of, ...parts });
  return { set: (state) => state.setService(object), remove: (state) => state.removeService(of, name) };
}

/** Namespaces of clients first. */
const NAMESPACES = ['team', 'orders', 'payments', 'db', 'com', 'dev'] as const;
export const CLIENT_NAMESPACES = ['team', 'orders'] as const;

const SLICE = makeSlice({
  namespace: 'orders',
  name: 'db-x',
  service: 'db',
  addresses: ['10.244.0.1'],
  hostnames: ['db-0'],
});

const things: readonly Thing[] = [
  ...NAMESPACES.map(namespace),
  service('api', 'payments', { clusterIPs: ['10.96.0.1'] }),
  service('api', 'orders', { clusterIPs: ['10.96.0.2', 'fd00::2'] }),
  service('payments', 'orders', { clusterIPs: ['10.96.0.3'] }),
  service('example', 'com', { clusterIPs: ['10.96.0.4'] }),
  service('com', 'team', { clusterIPs: ['10.96.0.5'] }),
  service('db-0', 'db', { clusterIPs: ['fd00::6'] }),
  service('db', 'orders', { kind: 'headless' }),
  {
    set: (state) => state.setEndpointSlice(SLICE),
    remove: (state) => state.removeEndpointSlice(SLICE.namespace, SLICE.name),
  },
  service('ext', 'orders', { kind: 'external-name', externalName: 'www.example.com' }),
  service('alias', 'payments', { kind: 'external-name', externalName: `api.orders.svc.${ZONE}` }),
];

export function drawContent(random: Random): number {
  return things.reduce(
    (content, _, i) => (random.below(10) < (i < NAMESPACES.length ? 9 : 5) ? content | (1 << i) : content),
    0,
  );
}

/** One object more or less. */
export function changeContent(content: number, random: Random): number {
  return content ^ (1 << random.below(things.length));
}

export class Replica {
  readonly #cluster: TestCluster;
  readonly #world: World;
  #content = 0;

  private constructor(one: TestCluster, world: World) {
    this.#cluster = one;
    this.#world = world;
    one.state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
  }

  /** @param lines between the braces of `searchpath`, which is left out where there are none */
  static async open(lines: readonly string[]): Promise<Replica> {
    const world = new World();
    const searchpath = lines.length === 0 ? '' : `searchpath {\n${lines.join('\n')}\n}\n`;
    return new Replica(await cluster(`${searchpath}kubernetes ${ZONE}`, [world]), world);
  }

  moveTo(content: number, upstream: Upstream): void {
    this.#world.upstream = upstream;
    const changed = this.#content ^ content;
    if (changed === 0) return;
    for (const [i, thing] of things.entries()) {
      if ((changed & (1 << i)) === 0) continue;
      if ((content & (1 << i)) === 0) thing.remove(this.#cluster.state);
      else thing.set(this.#cluster.state);
    }
    this.#content = content;
  }

  ask(name: string, family: Family): Reaction {
    return reactionOf(this.#cluster.ask(`${name}.`, family === 4 ? 'A' : 'AAAA'), family);
  }
}

function reactionOf(answer: Answer, family: Family): Reaction {
  if (answer.kind === 'silence') return { kind: 'silence', records: 0, addresses: [] };
  if (answer.kind === 'transfer') throw new Error('nobody asked for a transfer');
  const answers = answer.kind === 'reply' ? answer.answers : [];
  const type = family === 4 ? Type.A : Type.AAAA;
  const addresses: string[] = [];
  let records = 0;
  for (const set of answers) {
    records += recordCount(set);
    if (set.kind !== 'address' || set.type !== type) continue;
    for (let at = 0; at < set.octets.length; at += family === 4 ? 4 : 16) {
      addresses.push(formatAddress(set.octets.subarray(at, at + (family === 4 ? 4 : 16))));
    }
  }
  return { kind: kindOf(answer.rcode), records, addresses };
}

function kindOf(rcode: number): Reaction['kind'] {
  switch (rcode) {
    case Rcode.NOERROR:
      return 'noerror';
    case Rcode.NXDOMAIN:
      return 'nxdomain';
    case Rcode.SERVFAIL:
      return 'servfail';
    case Rcode.REFUSED:
      return 'refused';
    default:
      throw new Error(`no resolver was taught what to do with the response code ${rcode}`);
  }
}

/**
 * The property behind every cached answer: where a change of the cluster makes an answer's octets differ, a fact that the
 * earlier query noted has changed. Runs over any copy of the program's modules, so that a test can show that it fails as
 * soon as one note is left out.
 */
import * as fc from 'fast-check';
import { pathToFileURL } from 'node:url';
import type { EndpointSlice, Service } from '../../src/cluster/objects.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { type Answer, reply } from '../../src/plugins/answer.ts';
import type { Host, Plugin } from '../../src/plugins/plugin.ts';
import { makeHost } from '../plugins/support.ts';

/** The modules of one copy of `src/`. */
export async function loadModules(folder: string) {
  // A copy of a module has the module's type; the import of a computed path cannot say so itself.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const load = <M>(file: string): Promise<M> => import(pathToFileURL(`${folder}/${file}`).href) as Promise<M>;
  const [state, facts, kubernetes, external, searchpath, query, chain, router, writer, name, corefile, problems] =
    await Promise.all([
      load<typeof import('../../src/cluster/state.ts')>('cluster/state.ts'),
      load<typeof import('../../src/cluster/facts.ts')>('cluster/facts.ts'),
      load<typeof import('../../src/plugins/kubernetes/kubernetes.ts')>('plugins/kubernetes/kubernetes.ts'),
      load<typeof import('../../src/plugins/k8s_external/k8s_external.ts')>('plugins/k8s_external/k8s_external.ts'),
      load<typeof import('../../src/plugins/searchpath/searchpath.ts')>('plugins/searchpath/searchpath.ts'),
      load<typeof import('../../src/plugins/query.ts')>('plugins/query.ts'),
      load<typeof import('../../src/server/chain.ts')>('server/chain.ts'),
      load<typeof import('../../src/server/router.ts')>('server/router.ts'),
      load<typeof import('../../src/dns/writer.ts')>('dns/writer.ts'),
      load<typeof import('../../src/dns/name.ts')>('dns/name.ts'),
      load<typeof import('../../src/corefile/corefile.ts')>('corefile/corefile.ts'),
      load<typeof import('../../src/corefile/problems.ts')>('corefile/problems.ts'),
    ]);
  return { state, facts, kubernetes, external, searchpath, query, chain, router, writer, name, corefile, problems };
}

export type Modules = Awaited<ReturnType<typeof loadModules>>;

// A world so small that changes and questions meet.

const namespaces = ['a', 'b'];
const services = ['s', 't'];
const addresses = [
  [10, 0, 0, 1],
  [10, 0, 1, 1],
  [10, 1, 0, 1],
  [11, 0, 0, 1],
].map((octets) => Uint8Array.from(octets));
const [ownAddress = new Uint8Array(4)] = addresses.slice(-1);
const address6 = Uint8Array.from([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
const hostnames = ['', 'h'];

const anyNamespace = fc.constantFrom(...namespaces);
const anyService = fc.constantFrom(...services);
const ports = fc.subarray([
  { name: 'http', protocol: 'tcp', number: 80 },
  { name: 'dns', protocol: 'udp', number: 53 },
]);

const service: fc.Arbitrary<Service> = fc.record({
  namespace: anyNamespace,
  name: anyService,
  kind: fc.constantFrom('cluster-ip' as const, 'headless' as const, 'external-name' as const),
  clusterIPs: fc.subarray([...addresses, address6]),
  externalName: fc.constantFrom('t.a.svc.z', 's.b.svc.z', 'x.other', 'x.s.a.svc.z', '10.0.0.1'),
  ports,
  externalAddresses: fc.subarray(['192.0.2.1', '192.0.3.1', 'lb.other']),
});

const SERVICE: Service = {
  namespace: 'x',
  name: 'x',
  kind: 'cluster-ip',
  clusterIPs: [],
  externalName: '',
  ports: [],
  externalAddresses: [],
};

const slice: fc.Arbitrary<EndpointSlice> = fc
  .record({
    namespace: anyNamespace,
    name: fc.constantFrom('one', 'two'),
    service: anyService,
    ports,
    octets: fc.subarray(addresses),
    hostname: fc.constantFrom(...hostnames),
    zone: fc.constantFrom('', 'z1'),
    target: fc.constantFrom('', 'pod-1'),
  })
  .map(({ octets, hostname, zone, target, ...rest }) => {
    const column = (text: string): string | undefined =>
      text === '' || octets.length === 0 ? undefined : octets.map(() => text).join('\n');
    return {
      ...rest,
      family: 4,
      addresses: Uint8Array.from(octets.flatMap((address) => [...address])),
      notReady: 0,
      hostnames: column(hostname),
      targets: column(target),
      zones: column(zone),
      texts: undefined,
    };
  });

/** Something that a store, or the machine, may do. */
type Change = (world: World) => void;

const change: fc.Arbitrary<Change> = fc.oneof(
  service.map(
    (one): Change =>
      ({ state }) =>
        state.setService(one),
  ),
  slice.map(
    (one): Change =>
      ({ state }) =>
        state.setEndpointSlice(one),
  ),
  fc.tuple(anyNamespace, anyService).map(
    ([ns, name]): Change =>
      ({ state }) =>
        state.removeService(ns, name),
  ),
  fc.tuple(anyNamespace, fc.constantFrom('one', 'two')).map(
    ([ns, name]): Change =>
      ({ state }) =>
        state.removeEndpointSlice(ns, name),
  ),
  fc.tuple(anyNamespace, fc.constantFrom('yes', 'no')).map(
    ([name, shown]): Change =>
      ({ state }) =>
        state.setNamespace({ name, labels: { shown } }),
  ),
  anyNamespace.map(
    (name): Change =>
      ({ state }) =>
        state.removeNamespace(name),
  ),
  fc.tuple(anyNamespace, fc.constantFrom('10.0.0.1', '10.0.1.1')).map(
    ([namespace, ip]): Change =>
      ({ state }) =>
        state.setPod({ namespace, name: 'p', ip }),
  ),
  anyNamespace.map(
    (namespace): Change =>
      ({ state }) =>
        state.removePod(namespace, 'p'),
  ),
  service.map(
    (one): Change =>
      ({ state }) =>
        state.imports.setService({ ...one, kind: one.kind === 'external-name' ? 'headless' : one.kind }),
  ),
  fc.tuple(slice, fc.constantFrom('east', 'west')).map(
    ([one, cluster]): Change =>
      ({ state }) =>
        state.imports.setSlice({ ...one, cluster }),
  ),
  fc.tuple(anyNamespace, anyService).map(
    ([ns, name]): Change =>
      ({ state }) =>
        state.imports.removeService(ns, name),
  ),
  fc.tuple(anyNamespace, fc.constantFrom('one', 'two')).map(
    ([ns, name]): Change =>
      ({ state }) =>
        state.imports.removeSlice(ns, name),
  ),
  fc.constant<Change>(({ state }) =>
    state.markSynced(['namespaces', 'services', 'endpointslices', 'pods', 'serviceimports', 'importedslices']),
  ),
  fc.subarray([ownAddress, address6]).map(
    (own): Change =>
      (world) =>
        world.setOwnAddresses(own),
  ),
);

/** What a test's own plugin answers: the families that the cluster speaks, and how many pods have an address. */
const FAMILIES = 'families.test';
const PODS = 'pods.test';

const questions: readonly string[] = [
  'z',
  'ns.dns.z',
  ...['s', 'h.s', '10-0-0-1.s', 'pod-1.s', '_tcp.s', '_http._tcp.s', 'z1.pin._zone.s', 'z1.prefer._zone.t'].flatMap(
    (name) => namespaces.map((ns) => `${name}.${ns}.svc.z`),
  ),
  ...namespaces.flatMap((ns) => [`${ns}.svc.z`, `10-0-0-1.${ns}.pod.z`, `s.${ns}`]),
  's',
  't',
  '10.in-addr.arpa',
  '0.10.in-addr.arpa',
  '1.0.0.10.in-addr.arpa',
  '1.1.0.10.in-addr.arpa',
  '1.0.1.10.in-addr.arpa',
  'd.f.ip6.arpa',
  // Of several clusters.
  ...['s', 'h.east.s', 'east.s', '_http._tcp.s'].flatMap((name) => namespaces.map((ns) => `${name}.${ns}.svc.c`)),
  // For clients outside of the cluster.
  ...['s', 'h.s', '_http._tcp.s'].flatMap((name) => namespaces.map((ns) => `${name}.${ns}.x`)),
  'x',
  'ns1.dns.x',
  '1.2.0.192.in-addr.arpa',
  '2.0.192.in-addr.arpa',
  FAMILIES,
  PODS,
];

const anyQuestion = fc.record({
  name: fc.constantFrom(...questions),
  type: fc.constantFrom(1, 28, 33, 12, 2, 5, 16),
});

const directive = fc.record({
  pods: fc.constantFrom('insecure', 'verified'),
  extra: fc.subarray([
    'ignore empty_service',
    'zonal',
    'endpoint_pod_names',
    'namespace_labels shown=yes',
    'fallthrough',
  ]),
  headless: fc.boolean(),
});

const silent = (): void => undefined;

/** One cluster, the chain that answers for it, and the means to change it. */
class World {
  readonly state: ClusterState;
  readonly #modules: Modules;
  readonly #facts: InstanceType<Modules['facts']['FactCounters']>;
  readonly #router: InstanceType<Modules['router']['Router']>;
  #own: readonly Uint8Array[] = [ownAddress];

  private constructor(
    modules: Modules,
    state: ClusterState,
    facts: InstanceType<Modules['facts']['FactCounters']>,
    router: (world: World) => InstanceType<Modules['router']['Router']>,
  ) {
    this.#modules = modules;
    this.state = state;
    this.#facts = facts;
    this.#router = router(this);
  }

  static async create(modules: Modules, corefile: string): Promise<World> {
    const facts = new modules.facts.FactCounters();
    const state = new modules.state.ClusterState(facts, () => 1_000_000);
    // The serials of the SOAs leave 0 at the first change; they are no facts, since whoever keeps an answer renews them.
    state.setService({ ...SERVICE, externalAddresses: ['192.0.2.9'] });
    state.removeService(SERVICE.namespace, SERVICE.name);
    const problems = new modules.problems.Problems();
    const source = { kind: 'text', name: 'Corefile', text: corefile, folder: '/' } as const;
    const block = modules.corefile.loadCorefile(source, {}, problems)?.blocks[0];
    let world: World | undefined;
    const host: Host = {
      ...makeHost(),
      facts,
      stores: {
        acquire: () =>
          Promise.resolve({ state, known: Promise.resolve(), flush: () => Promise.resolve(), release: silent }),
      },
      clock: { now: () => 1_000_000, monotonic: () => 0 },
      logger: () => ({ plain: silent, debug: silent, info: silent, warning: silent, error: silent }),
      ownAddresses: () => world?.ownAddresses ?? [],
    };
    const usesOf = (name: string) => (block?.directives ?? []).filter((one) => one.name.text === name);
    const context = { zones: ['.'], problems, fixtures: ['x'], folder: '/', usesOf };
    const plugins: Plugin[] = [];
    const definitions = [modules.searchpath.searchpath, modules.external.k8sExternal, modules.kubernetes.kubernetes];
    for (const definition of definitions) {
      const [use] = usesOf(definition.name);
      const setup = use && definition.configure([use], context);
      if (setup === undefined) throw new Error(problems.list.map((problem) => problem.message).join('; '));
      // oxlint-disable-next-line no-await-in-loop -- one plugin after another, as the server does
      const { plugin } = await setup.create(host);
      if (plugin !== undefined) plugins.push(plugin);
    }
    plugins.push(stateReader(state));
    const chain = modules.chain.linkChain(plugins);
    const router = (): InstanceType<Modules['router']['Router']> =>
      new modules.router.Router([{ zone: modules.name.Name.root, chain, anyClass: false }], 'dns://:53');
    world = new World(modules, state, facts, router);
    return world;
  }

  get ownAddresses(): readonly Uint8Array[] {
    return this.#own;
  }

  setOwnAddresses(own: readonly Uint8Array[]): void {
    this.#own = own;
    this.#facts.changed(this.#modules.facts.ownAddressesFact);
  }

  /** Asks, and gives the reply's octets with the account of what it rested on. */
  ask(name: string, type: number): { readonly octets: string; readonly holds: () => boolean } {
    const { query: queries, name: names, writer } = this.#modules;
    const asked = { name: names.Name.fromText(name), type, class: 1 };
    const client = {
      protocol: 'udp',
      clientFamily: 4,
      clientAddress: '192.0.2.1',
      clientPort: 1,
      localAddress: '192.0.2.2',
      localPort: 53,
    } as const;
    const request = {
      id: 0,
      flags: 0,
      questions: 1,
      answers: 0,
      authorities: 0,
      additionals: 0,
      question: asked,
      answerRecords: [],
      authorityRecords: [],
      additionalRecords: [],
      edns: undefined,
    };
    const account = new queries.Account(this.#facts, 16);
    const outcome = this.#router.resolve(new queries.Query(asked, request, 40, client, account, this.#router));
    if (outcome instanceof Promise) throw new Error('the cluster is in memory: nothing is to be waited for');
    return { octets: octetsOf(new writer.MessageWriter(), asked, outcome), holds: () => account.holds };
  }
}

/** What no name of the zones above asks of the state, as response codes. */
function stateReader(state: ClusterState): Plugin {
  return {
    name: 'state',
    replayable: true,
    answer(query) {
      const name = query.name.toString();
      if (name === `${PODS}.`) return reply({ rcode: state.podsAt(query, '10.0.0.1').length });
      if (name !== `${FAMILIES}.`) return reply({ rcode: 5 });
      const { v4, v6 } = state.families(query);
      return reply({ rcode: (v4 ? 1 : 0) + (v6 ? 2 : 0) });
    },
  };
}

function octetsOf(
  writer: InstanceType<Modules['writer']['MessageWriter']>,
  question: Parameters<typeof writer.write>[2]['question'],
  answer: Answer,
): string {
  if (answer.kind === 'silence') return 'silence';
  const target = new Uint8Array(65_535);
  const sections = answer.kind === 'reply' ? answer : { answers: [], authority: [], additional: [] };
  const { answers, authority, additional } = sections;
  const length = writer.write(target, target.length, {
    id: 0,
    flags: 0,
    rcode: answer.rcode,
    question,
    answers,
    authority,
    additional,
    edns: undefined,
  });
  return Buffer.from(target.subarray(0, length)).toString('hex');
}

/** Throws, with the smallest counter-example, where the property does not hold. */
export async function checkFacts(modules: Modules, options: { readonly runs: number; readonly seed: number }) {
  await fc.assert(
    fc.asyncProperty(
      directive,
      fc.array(change, { minLength: 4, maxLength: 14 }),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      fc.array(anyQuestion, { minLength: 6, maxLength: 12 }),
      async ({ pods, extra, headless }, before, changes, asked) => {
        const block = [`pods ${pods}`, 'multicluster c', ...extra].join('\n');
        const external = `k8s_external x 0.192.in-addr.arpa {\n${headless ? 'headless' : ''}\n}`;
        const corefile = `. {\nsearchpath {\nshort_names a\n}\n${external}\nkubernetes z c in-addr.arpa ip6.arpa {\n${block}\n}\n}\n`;
        const world = await World.create(modules, corefile);
        for (const apply of before) apply(world);
        for (const apply of changes) {
          const earlier = asked.map(({ name, type }) => ({ name, type, ...world.ask(name, type) }));
          apply(world);
          for (const { name, type, octets, holds } of earlier) {
            if (world.ask(name, type).octets !== octets && holds()) {
              throw new Error(`the answer for ${name} (type ${type}) changed, and no fact that it rested on did`);
            }
          }
        }
      },
    ),
    { numRuns: options.runs, seed: options.seed, includeErrorInReport: true },
  );
}

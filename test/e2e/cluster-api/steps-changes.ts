/** Steps: objects change while the program runs, and its answers follow. */
import { type JsonObject, at, isObject } from './api-client.ts';
import { addressType, clusterIP, endpoint, externalName, headless, slice } from './objects.ts';
import { type Step, type Suite, clusterIPsOf } from './suite.ts';

const PG = { name: 'pg', port: 5432 } as const;
/** Services that are made one right after another. */
const MANY = 40;

export const changes: readonly Step[] = [
  {
    title: 'a Service that is created is there, where its absence had been asked for',
    run: async (suite) => {
      await suite.expectNoName(suite.name('fresh'));
      await createAndSee(suite, 'fresh');
    },
  },
  {
    title: 'ports that are renamed have other names',
    run: async (suite) => {
      const fresh = suite.name('fresh');
      await suite.expect(`_http._tcp.${fresh}`, 'SRV', [`80 ${fresh}`]);
      await suite.own.update('Service', suite.main, 'fresh', (now) =>
        withSpec(now, { ports: [{ name: 'web', port: 8081, protocol: 'TCP' }] }),
      );
      await suite.changes(`_web._tcp.${fresh}`, 'SRV', [`8081 ${fresh}`]);
      await suite.expectNoName(`_http._tcp.${fresh}`, 'SRV');
    },
  },
  {
    title: 'endpoints that come, go, move and become ready',
    run: async (suite) => {
      const db = suite.name('db');
      await setEndpoints(suite, [
        { address: '192.0.2.1', hostname: 'db-0' },
        { address: '192.0.2.22', hostname: 'db-1' },
        { address: '192.0.2.3', hostname: 'db-2' },
      ]);
      await suite.changes(db, 'A', ['192.0.2.1', '192.0.2.22', '192.0.2.3']);
      await suite.expect(`db-2.${db}`, 'A', ['192.0.2.3']);
      await setEndpoints(suite, [{ address: '192.0.2.1', hostname: 'db-0' }]);
      await suite.changes(db, 'A', ['192.0.2.1']);
      await suite.own.create('EndpointSlice', suite.main, slice('db-second', 'db', [{ address: '192.0.2.4' }], PG));
      await suite.changes(db, 'A', ['192.0.2.1', '192.0.2.4']);
      await suite.own.delete('EndpointSlice', suite.main, 'db-first');
      await suite.changes(db, 'A', ['192.0.2.4']);
      await suite.own.delete('EndpointSlice', suite.main, 'db-second');
      await suite.changes(db, 'A', 'NXDOMAIN');
      await suite.own.create(
        'EndpointSlice',
        suite.main,
        slice('db-first', 'db', [{ address: '192.0.2.1', hostname: 'db-0' }], PG),
      );
      await suite.changes(db, 'A', ['192.0.2.1']);
    },
  },
  {
    title: 'a slice that passes from one Service to another',
    run: async (suite) => {
      await suite.own.update('EndpointSlice', suite.main, 'six-first', (now) => {
        const metadata = at(now, 'metadata');
        const labels = at(now, 'metadata', 'labels');
        if (!isObject(metadata) || !isObject(labels)) throw new Error('a slice without labels');
        return { ...now, metadata: { ...metadata, labels: { ...labels, 'kubernetes.io/service-name': 'empty' } } };
      });
      await suite.changes(suite.name('empty'), 'AAAA', ['2001:db8::6']);
      await suite.changes(suite.name('six'), 'AAAA', 'NXDOMAIN');
    },
  },
  {
    title: 'an ExternalName that points elsewhere',
    run: async (suite) => {
      await suite.own.update('Service', suite.main, 'outside', (now) =>
        withSpec(now, { externalName: 'other.example.net' }),
      );
      await suite.changes(suite.name('outside'), 'CNAME', ['other.example.net']);
    },
  },
  {
    title: 'a Service that is deleted and comes again as headless, as an ExternalName, and with a cluster IP',
    run: async (suite) => {
      const { own, main } = suite;
      const fresh = suite.name('fresh');
      await own.create('EndpointSlice', main, slice('fresh-first', 'fresh', [{ address: '192.0.2.50' }]));
      await own.delete('Service', main, 'fresh');
      await suite.changes(fresh, 'A', 'NXDOMAIN');
      await own.create('Service', main, headless('fresh'));
      await suite.changes(fresh, 'A', ['192.0.2.50']);
      await own.delete('Service', main, 'fresh');
      await own.create('Service', main, externalName('fresh', 'fresh.example.com'));
      await suite.changes(fresh, 'CNAME', ['fresh.example.com']);
      await own.delete('Service', main, 'fresh');
      await createAndSee(suite, 'fresh');
    },
  },
  {
    title: `${MANY} Services one right after another`,
    run: async (suite) => {
      const names = Array.from({ length: MANY }, (_, i) => `many-${i}`);
      for (const name of names) {
        // oxlint-disable-next-line no-await-in-loop -- as quickly as the server lets us
        await createAndSee(suite, name, suite.other);
      }
      for (const name of names) {
        // oxlint-disable-next-line no-await-in-loop
        await suite.own.delete('Service', suite.other, name);
      }
      await suite.changes(suite.name(names.at(-1) ?? '', suite.other), 'A', 'NXDOMAIN');
    },
  },
  {
    title: 'a namespace that comes with a Service, and goes with it',
    run: async (suite) => {
      const namespace = await suite.own.createNamespace('brief');
      await suite.changes(`${namespace}.svc.cluster.local`, 'A', []);
      await createAndSee(suite, 'web', namespace);
      await suite.own.deleteNamespace(namespace);
      await suite.changes(suite.name('web', namespace), 'A', 'NXDOMAIN');
      await suite.changes(`${namespace}.svc.cluster.local`, 'A', 'NXDOMAIN');
    },
  },
];

async function createAndSee(suite: Suite, name: string, namespace = suite.main): Promise<void> {
  const service = await suite.own.create('Service', namespace, clusterIP(name));
  const addresses = clusterIPsOf(service);
  const type = addressType(addresses[0] ?? '');
  await suite.changes(
    suite.name(name, namespace),
    type,
    addresses.filter((address) => addressType(address) === type),
  );
}

async function setEndpoints(suite: Suite, endpoints: Parameters<typeof slice>[2]): Promise<void> {
  await suite.own.update('EndpointSlice', suite.main, 'db-first', (now) => ({
    ...now,
    endpoints: endpoints.map(endpoint),
  }));
}

/** The object as it is now, with these fields of its spec: what the server has filled in stays. */
function withSpec(now: JsonObject, fields: JsonObject): JsonObject {
  const spec = now['spec'];
  return { ...now, spec: { ...(isObject(spec) ? spec : {}), ...fields } };
}

/** Steps: objects of each kind are made, the program is started, and all of them are asked for. */
import { at, textAt } from './api-client.ts';
import {
  clusterIP,
  externalName,
  headless,
  loadBalancer,
  nodePort,
  pod,
  reverseName,
  runningAt,
  slice,
} from './objects.ts';
import type { Step, Suite } from './suite.ts';

const HTTPS = { name: 'https', port: 443 } as const;
const DNS = { name: 'dns', port: 53, protocol: 'UDP' } as const;
const PG = { name: 'pg', port: 5432 } as const;

/** The Service of the API server itself, which every cluster has. */
const KUBERNETES = '/api/v1/namespaces/default/services/kubernetes';

const POD_IP = '192.0.2.77';

export const answers: readonly Step[] = [
  {
    title: 'namespaces, Services of each kind, EndpointSlices and a Pod are created',
    run: async (suite) => {
      const { own } = suite;
      suite.main = await own.createNamespace('main');
      suite.other = await own.createNamespace('other');
      const services = [
        clusterIP('web', [{ name: 'http', port: 80 }, HTTPS, DNS]),
        clusterIP('plain', [{ name: '', port: 8080 }]),
        nodePort('door'),
        loadBalancer('gate'),
        headless('db', [PG]),
        headless('six'),
        headless('empty'),
        externalName('outside', 'db.example.com'),
        externalName('alias', suite.name('db')),
      ];
      for (const content of services) {
        // oxlint-disable-next-line no-await-in-loop -- one after another, for the limits of the server
        await own.create('Service', suite.main, content);
      }
      const db = [
        { address: '192.0.2.1', hostname: 'db-0' },
        { address: '192.0.2.2', hostname: 'db-1' },
        { address: '192.0.2.3', hostname: 'db-2', isReady: false },
      ];
      await own.create('EndpointSlice', suite.main, slice('db-first', 'db', db, PG));
      await own.create('EndpointSlice', suite.main, slice('six-first', 'six', [{ address: '2001:db8::6' }]));
      await own.create('EndpointSlice', suite.main, slice('web-first', 'web', [{ address: '192.0.2.9' }]));
      await createPod(suite, 'main-pod', POD_IP);
    },
  },
  {
    title: 'the program is in step, and has said nothing false on the way there',
    run: async (suite) => {
      const program = await suite.start();
      await program.port();
      const isThere = (reply: { readonly rcode: string }): boolean => reply.rcode === 'NOERROR';
      const never = ({ rcode }: { readonly rcode: string }): void => {
        if (rcode !== 'SERVFAIL') throw new Error(`${rcode} for a name that exists, before all has been listed`);
      };
      await suite.until(suite.name('db'), 'A', isThere, never);
      await program.printed(/in step with the API server/);
    },
  },
  {
    title: "the API server's own Service has its address",
    run: async (suite) => {
      const service = await suite.api.get(KUBERNETES);
      if (service === undefined) throw new Error(`${KUBERNETES} is not there`);
      await suite.expectAddresses('kubernetes.default.svc.cluster.local', service);
    },
  },
  {
    title: 'Services with a cluster IP: addresses, ports, and the way back',
    run: async (suite) => {
      for (const name of ['web', 'plain', 'door', 'gate']) {
        // oxlint-disable-next-line no-await-in-loop -- a few questions
        await expectClusterIP(suite, name);
      }
      const web = suite.name('web');
      await suite.expect(`_http._tcp.${web}`, 'SRV', [`80 ${web}`]);
      await suite.expect(`_https._tcp.${web}`, 'SRV', [`443 ${web}`]);
      await suite.expect(`_dns._udp.${web}`, 'SRV', [`53 ${web}`]);
      await suite.expectNoName(`_dns._tcp.${web}`, 'SRV');
    },
  },
  {
    title: 'headless Services: ready endpoints alone, by their hostnames',
    run: async (suite) => {
      const db = suite.name('db');
      await suite.expect(db, 'A', ['192.0.2.1', '192.0.2.2']);
      await suite.expect(`db-0.${db}`, 'A', ['192.0.2.1']);
      await suite.expectNoName(`db-2.${db}`);
      await suite.expect(`_pg._tcp.${db}`, 'SRV', [`5432 db-0.${db}`, `5432 db-1.${db}`]);
      await suite.expect(reverseName('192.0.2.1'), 'PTR', [`db-0.${db}`]);
      await suite.expect(suite.name('six'), 'AAAA', ['2001:db8::6']);
      await suite.expectNoData(suite.name('six'), 'A');
      await suite.expectNoName(suite.name('empty'));
    },
  },
  {
    title: 'ExternalNames, out of the cluster and within it',
    run: async (suite) => {
      await suite.expect(suite.name('outside'), 'CNAME', ['db.example.com']);
      const { answer } = await suite.ask(suite.name('alias'), 'A');
      const wanted = ['A 192.0.2.1', 'A 192.0.2.2', `CNAME ${suite.name('db')}`];
      if (answer.join() !== wanted.join()) throw new Error(`the alias gives ${answer.join(', ')}`);
    },
  },
  {
    title: 'Pods that exist, and those that do not',
    run: async (suite) => {
      const of = (ip: string, namespace: string): string => `${ip.replaceAll('.', '-')}.${namespace}.pod.cluster.local`;
      await suite.expect(of(POD_IP, suite.main), 'A', [POD_IP]);
      await suite.expectNoName(of('192.0.2.78', suite.main));
      await suite.expectNoName(of(POD_IP, suite.other));
    },
  },
  {
    title: 'what is not there is not there',
    run: async (suite) => {
      await suite.expectNoName(suite.name('absent'));
      await suite.expectNoName(suite.name('web', suite.other));
      await suite.expectNoName(suite.name('web', `nodens-e2e-none-${suite.own.run}`));
      await suite.expectNoData(`${suite.main}.svc.cluster.local`, 'A');
    },
  },
];

async function expectClusterIP(suite: Suite, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${suite.main}/services/${name}`;
  const service = await suite.api.get(path);
  if (service === undefined) throw new Error(`${path} is gone`);
  const [first = ''] = await suite.expectAddresses(suite.name(name), service);
  await suite.expect(reverseName(first), 'PTR', [suite.name(name)]);
}

/** The Pod with its address in its status, which a server does not take from whoever creates it. */
async function createPod(suite: Suite, name: string, ip: string): Promise<void> {
  await suite.own.needDefaultServiceAccount(suite.main);
  const made = await suite.own.create('Pod', suite.main, pod(name, ip));
  if (textAt(made, 'status', 'podIP') === ip) return;
  const withAddress = (now: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    const status = at(now, 'status');
    return { ...now, status: { ...(typeof status === 'object' ? status : {}), ...runningAt(ip) } };
  };
  await suite.own.update('Pod', suite.main, name, withAddress, '/status');
}

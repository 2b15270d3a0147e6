/**
 * Real DNS servers as upstreams: unbound, knotd and dnsmasq, each on free ports of loopback with a configuration of its own
 * in a folder of its own, and the same records. They are waited for until they answer, and ended by `stop`.
 *
 * | name in `example.test.` | |
 * |---|---|
 * | www | A 192.0.2.1, AAAA 2001:db8::1 |
 * | alias | CNAME www |
 * | text | TXT "hello" |
 * | many | 300 A records: 10.1.0.0 and those that follow; more than a datagram carries |
 * | whatever else | NXDOMAIN, from unbound and knotd with the SOA, from dnsmasq without |
 *
 * Nobody else is asked: names outside of the zone are REFUSED, or SERVFAIL where unbound finds no upstream.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DaemonName, answering, runDaemon } from '../daemon.ts';
import { freePort } from '../free-port.ts';
import { configureZoneFile } from '../knot.ts';
import { keyPairs } from './certificates.ts';

export interface Daemon {
  readonly name: DaemonName;
  readonly address: '127.0.0.1';
  /** UDP and TCP. */
  readonly port: number;
  /** DNS over TLS and over HTTPS with the certificate `server`; unbound alone has them. */
  readonly tlsPort: number | undefined;
  readonly httpsPort: number | undefined;
  /** Ends the process; resolves when it is gone and its folder too. */
  stop(): Promise<void>;
}

/** Records of the set that no datagram carries. */
export const MANY = 300;

interface Ports {
  readonly dns: number;
  readonly tls: number;
  readonly https: number;
}

/** Writes the configuration to a folder. Gives the arguments that the daemon stays in the foreground with. */
type Configure = (folder: string, ports: Ports) => Promise<readonly string[]>;

const manyAddresses = Array.from({ length: MANY }, (_, index) => `10.1.${index >> 8}.${index & 0xff}`);

const ZONE = `$ORIGIN example.test.
$TTL 300
@ SOA ns.example.test. hostmaster.example.test. 1 7200 1800 86400 60
@ NS ns.example.test.
ns A 127.0.0.1
www A 192.0.2.1
www AAAA 2001:db8::1
alias CNAME www
text TXT "hello"
${manyAddresses.map((address) => `many A ${address}`).join('\n')}
`;

const unbound: Configure = async (folder, { dns, tls, https }) => {
  const file = join(folder, 'unbound.conf');
  await writeFile(join(folder, 'server.pem'), keyPairs.server.cert);
  await writeFile(join(folder, 'server.key'), keyPairs.server.key);
  await writeFile(join(folder, 'zone'), ZONE);
  await writeFile(
    file,
    `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  verbosity: 0
  num-threads: 1
  interface: 127.0.0.1@${dns}
  interface: 127.0.0.1@${tls}
  interface: 127.0.0.1@${https}
  tls-port: ${tls}
  https-port: ${https}
  tls-service-pem: "${join(folder, 'server.pem')}"
  tls-service-key: "${join(folder, 'server.key')}"
  module-config: "iterator"
  do-not-query-localhost: no
  minimal-responses: yes
  local-zone: "test." nodefault
auth-zone:
  name: "example.test."
  zonefile: "${join(folder, 'zone')}"
  for-upstream: no
  for-downstream: yes
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@1
remote-control:
  control-enable: no
`,
  );
  return ['-d', '-c', file];
};

const knotd: Configure = (folder, { dns }) => configureZoneFile(folder, dns, { name: 'example.test.', text: ZONE });

const dnsmasq: Configure = async (folder, { dns }) => {
  const file = join(folder, 'dnsmasq.conf');
  const hosts = join(folder, 'hosts');
  const lines = manyAddresses.map((address) => `${address} many.example.test`);
  await writeFile(hosts, ['192.0.2.1 www.example.test', '2001:db8::1 www.example.test', ...lines, ''].join('\n'));
  await writeFile(
    file,
    `port=${dns}
listen-address=127.0.0.1
bind-interfaces
user=
group=
pid-file=
no-resolv
no-hosts
local=/example.test/
local-ttl=300
addn-hosts=${hosts}
cname=alias.example.test,www.example.test
txt-record=text.example.test,hello
`,
  );
  return ['--keep-in-foreground', `--conf-file=${file}`];
};

const configures: Readonly<Record<DaemonName, Configure>> = { unbound, knotd, dnsmasq };

/**
 * Starts one. Rejects where it ends by itself or does not answer in time, with what it said; a port that another process
 * took in the meantime is one reason, so a second try is made.
 */
export async function startDaemon(name: DaemonName, tries = 2): Promise<Daemon> {
  const ports = { dns: await freePort(), tls: await freePort(), https: await freePort() };
  try {
    const { stop } = await runDaemon(name, {
      configure: (folder) => configures[name](folder, ports),
      ready: (child) => answering(child, ports.dns, 'www.example.test.'),
    });
    const secure = name === 'unbound';
    return {
      name,
      address: '127.0.0.1',
      port: ports.dns,
      tlsPort: secure ? ports.tls : undefined,
      httpsPort: secure ? ports.https : undefined,
      stop,
    };
  } catch (error) {
    if (tries > 1) return startDaemon(name, tries - 1);
    throw error;
  }
}

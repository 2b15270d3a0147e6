/**
 * The servers that Nodens is compared with, each with the names of the cluster, and the upstream that answers for names
 * outside of it. Debian has `knotd` and `unbound`; `coredns` is taken from where its project offers it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import { type ClusterSize, clusterIp, fullName, isHeadless } from './cluster.ts';
import { writeLines } from './files.ts';
import { kubeadmCorefile } from './kubeadm.ts';
import { accessLines } from './live/access.ts';
import { Api } from './live/api.ts';
import { forwardZone, reverseZone } from './manifests.ts';
import { untilAnswered } from './probe.ts';
import { type Running, holdTo, start } from './processes.ts';
import { type Place, type Server, answering, onCore } from './servers.ts';

/** Authoritative for the cluster's names from zone files: the limit to look at, since it knows no Kubernetes. */
export async function startKnot({ size, folder, cores }: Place): Promise<Server> {
  const place = join(folder, 'knotd');
  mkdirSync(place);
  const zones = { 'cluster.local': join(place, 'cluster.local.zone'), '10.in-addr.arpa': join(place, 'reverse.zone') };
  await writeLines(zones['cluster.local'], forwardZone(size));
  await writeLines(zones['10.in-addr.arpa'], reverseZone(size));
  const port = await freePort();
  return answering({ name: 'knotd', port, process: runKnot(place, port, zones, cores?.server) }, size);
}

export interface Upstream {
  readonly port: number;
  readonly process: Running;
}

/** A knotd on the client's core that answers for every name below `example`. */
export async function startUpstream({ folder, cores }: Pick<Place, 'folder' | 'cores'>): Promise<Upstream> {
  const place = join(folder, 'upstream');
  mkdirSync(place);
  const zone = join(place, 'example.zone');
  writeFileSync(
    zone,
    '$ORIGIN example.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 192.0.2.53\n* A 192.0.2.1\n',
  );
  const port = await freePort();
  const process = runKnot(place, port, { example: zone }, cores?.client);
  await untilAnswered(process, port, 'www.example');
  // knotd puts the thread that answers on the first core, which is that of the server that asks it.
  if (cores !== undefined) holdTo(cores.client, process);
  return { port, process };
}

function runKnot(
  folder: string,
  port: number,
  zones: Readonly<Record<string, string>>,
  core: number | undefined,
): Running {
  const database = join(folder, 'database');
  mkdirSync(database);
  const configuration = join(folder, 'knot.conf');
  writeFileSync(
    configuration,
    `server:
    listen: 127.0.0.1@${port}
    rundir: ${folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: ${database}
zone:
${Object.entries(zones)
  .map(([domain, file]) => `  - domain: ${domain}\n    file: ${file}\n`)
  .join('')}`,
  );
  return start(['knotd', '-c', configuration], onCore(core));
}

/** A resolver that forwards `example` and keeps the answers, with the names of the ClusterIPs as local data. */
export async function startUnbound({ size, folder, cores }: Place, upstream: number): Promise<Server> {
  const place = join(folder, 'unbound');
  mkdirSync(place);
  const names = join(place, 'names.conf');
  await writeLines(names, localData(size));
  const port = await freePort();
  const configuration = join(place, 'unbound.conf');
  writeFileSync(
    configuration,
    `server:
    interface: 127.0.0.1@${port}
    directory: "${place}"
    pidfile: "${join(place, 'pid')}"
    chroot: ""
    username: ""
    use-syslog: no
    do-daemonize: no
    num-threads: 1
    so-reuseport: no
    module-config: "iterator"
    do-not-query-localhost: no
    local-zone: "cluster.local." static
    include: "${names}"
remote-control:
    control-enable: no
forward-zone:
    name: "example."
    forward-addr: 127.0.0.1@${upstream}
`,
  );
  const process = start(['unbound', '-d', '-c', configuration], onCore(cores?.server));
  await untilAnswered(process, port, lastClusterName(size));
  return { name: 'unbound', port, process };
}

function* localData(size: ClusterSize): Generator<string> {
  for (let i = 0; i < size.services; i++) {
    if (!isHeadless(i)) yield `local-data: "${fullName(i, size)}. 5 A ${clusterIp(i)}"\n`;
  }
}

function lastClusterName(size: ClusterSize): string {
  const last = size.services - 1;
  return fullName(isHeadless(last) ? last - 1 : last, size);
}

/** CoreDNS under kubeadm's Corefile, with an API server for tests on the client's core, which then has nothing to do. */
export async function startCoreDns(
  { size, folder, cores }: Place,
  upstream: number,
): Promise<{ readonly server: Server; readonly api: Api }> {
  const place = join(folder, 'coredns');
  const api = await Api.open({ size, hasManagedFields: false, niceness: 0, core: cores?.client });
  try {
    const kubernetes = accessLines(api.access, place);
    const dns = await freePort();
    const http = { health: await freePort(), ready: await freePort(), metrics: await freePort() };
    const corefile = join(place, 'Corefile');
    writeFileSync(corefile, kubeadmCorefile({ dns, http, upstream, kubernetes }));
    const process = start(['coredns', '-conf', corefile], onCore(cores?.server));
    return { server: await answering({ name: 'coredns', port: dns, process }, size), api };
  } catch (error) {
    await api.close();
    throw error;
  }
}

/** Sends each datagram back: what a server on `node:dgram` costs at the least. */
export async function startEcho({ cores }: Pick<Place, 'cores'>): Promise<Server> {
  const port = await freePort();
  const file = fileURLToPath(new URL('echo.ts', import.meta.url));
  return { name: 'echo', port, process: start([process.execPath, file, String(port)], onCore(cores?.server)) };
}

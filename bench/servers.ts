/** The servers that the load is put on, each with the same names and on the same core. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClusterSize, fullName } from './cluster.ts';
import { forwardZone, jsonList, reverseZone } from './manifests.ts';
import { untilAnswered } from './probe.ts';
import { type Running, isInstalled, nodeFlags, start } from './processes.ts';
import { writeLines } from './files.ts';
import { freePort } from '../test/support/free-port.ts';

export interface Server {
  readonly name: 'nodens' | 'knotd' | 'echo';
  readonly port: number;
  readonly process: Running;
  /** Its replies are answers; an echo's are not. */
  readonly answers: boolean;
}

export interface ServerOptions {
  readonly size: ClusterSize;
  readonly folder: string;
  readonly core: number | undefined;
  /** The program that is measured: `src/main.ts`, or a bundle of it. */
  readonly program: string;
}

/** Starts all that are installed, one after another, and resolves when each has answered. */
export async function startServers(options: ServerOptions): Promise<readonly Server[]> {
  const servers = [await startNodens(options)];
  if (isInstalled('knotd')) servers.push(await startKnot(options));
  servers.push(await startEcho(options));
  return servers;
}

/**
 * Writes the Corefile that the program has built in for manifests, without the line that hands names on to the servers of
 * this machine: nothing that is measured leaves it.
 */
export function writeCorefile(program: string, folder: string): void {
  const flags = [program, '--fixture', folder, '--print-config'];
  const text = execFileSync(process.execPath, flags, { cwd: folder, encoding: 'utf8' });
  writeFileSync(join(folder, 'Corefile'), text.replace(/^ *forward .*\n/m, ''));
}

/** The command line that serves a file of manifests on loopback, with the Corefile of the folder that it starts in. */
export function nodensCommand(program: string, manifests: string, port: number): [string, ...string[]] {
  const flags = ['--fixture', manifests, '--bind', '127.0.0.1', '-dns.port', String(port)];
  return [process.execPath, ...nodeFlags, program, ...flags];
}

async function startNodens({ size, folder, core, program }: ServerOptions): Promise<Server> {
  const manifests = join(folder, 'cluster.json');
  await writeLines(manifests, jsonList(size));
  const port = await freePort();
  return ready('nodens', port, size, start(nodensCommand(program, manifests, port), { ...on(core), cwd: folder }));
}

async function startKnot({ size, folder, core }: ServerOptions): Promise<Server> {
  const port = await freePort();
  const database = join(folder, 'knot');
  mkdirSync(database);
  await writeLines(join(folder, 'cluster.local.zone'), forwardZone(size));
  await writeLines(join(folder, 'reverse.zone'), reverseZone(size));
  const configuration = `
server:
    listen: 127.0.0.1@${port}
    rundir: ${folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: ${database}
zone:
  - domain: cluster.local
    file: ${join(folder, 'cluster.local.zone')}
  - domain: 10.in-addr.arpa
    file: ${join(folder, 'reverse.zone')}
`;
  const file = join(folder, 'knot.conf');
  writeFileSync(file, configuration);
  return ready('knotd', port, size, start(['knotd', '-c', file], on(core)));
}

/** @param core that it runs on; undefined for any */
export async function startEcho({ core }: Pick<ServerOptions, 'core'>): Promise<Server> {
  const port = await freePort();
  const file = fileURLToPath(new URL('echo.ts', import.meta.url));
  return { name: 'echo', port, process: start([process.execPath, file, String(port)], on(core)), answers: false };
}

async function ready(name: Server['name'], port: number, size: ClusterSize, process: Running): Promise<Server> {
  await untilAnswered(process, port, fullName(size.services - 1, size));
  return { name, port, process, answers: true };
}

function on(core: number | undefined): { readonly core?: number } {
  return core === undefined ? {} : { core };
}

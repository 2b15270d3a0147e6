/**
 * The servers that the load is put on, one process each, on the same core and with the same names. They are started when a
 * row first needs them, stay for the rows after it, and are idle while it is another's turn.
 *
 *     lineup.ts ─► servers.ts: nodens, over each transport and under each Corefile
 *               └► peers.ts:   knotd | unbound | coredns | echo, and the upstream of all
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../test/support/free-port.ts';
import { type ClusterSize, fullName } from './cluster.ts';
import { type CorefileName, builtInCorefile, hasUpstream, withoutSearchPath } from './corefiles.ts';
import { writeLines } from './files.ts';
import { kubeadmCorefile } from './kubeadm.ts';
import { stockCorefile } from './stock.ts';
import { jsonList } from './manifests.ts';
import { untilAnswered } from './probe.ts';
import { type Cores, type Running, start } from './processes.ts';
import { nodeCommand } from '../tools/node-command.ts';

export type ServerName = 'nodens' | 'nodens dgram' | 'knotd' | 'unbound' | 'coredns' | 'echo';

export interface Server {
  readonly name: ServerName;
  readonly port: number;
  readonly process: Running;
}

export interface Place {
  readonly size: ClusterSize;
  readonly folder: string;
  /** Undefined where all processes share one. */
  readonly cores: Cores | undefined;
  /** The program that is measured: `src/main.ts`, or a bundle of it. */
  readonly program: string;
}

export interface NodensOptions {
  readonly name: 'nodens' | 'nodens dgram';
  readonly corefile: CorefileName;
  /** The port of the server that names outside of the cluster are asked for at. */
  readonly upstream: number;
}

/** Starts the program with the cluster's manifests; resolves when it has answered. */
export async function startNodens(place: Place, { name, corefile, upstream }: NodensOptions): Promise<Server> {
  const { size, cores, program } = place;
  const folder = join(place.folder, `${name} ${corefile}`);
  mkdirSync(folder);
  const port = await freePort();
  const text = hasUpstream(corefile)
    ? await withUpstream(corefile, port, upstream)
    : builtIn(place.program, folder, corefile);
  const file = join(folder, 'Corefile');
  writeFileSync(file, text);
  const manifests = join(folder, 'cluster.json');
  await writeLines(manifests, jsonList(size));
  const transport = name === 'nodens dgram' ? ['--udp', 'dgram'] : [];
  const command = [...nodensCommand({ program, corefile: file, manifests, port }), ...transport] as const;
  return answering({ name, port, process: start(command, onCore(cores?.server)) }, size);
}

async function withUpstream(name: 'kubeadm' | 'stock', dns: number, upstream: number): Promise<string> {
  const options = { dns, http: await freePort(), upstream };
  return name === 'kubeadm' ? kubeadmCorefile(options) : stockCorefile(options);
}

function builtIn(program: string, folder: string, name: 'fixture' | 'plain'): string {
  const text = builtInCorefile(program, folder);
  return name === 'plain' ? withoutSearchPath(text) : text;
}

/** The command line that serves a file of manifests on loopback. */
export function nodensCommand(options: {
  readonly program: string;
  readonly corefile: string;
  readonly manifests: string;
  /** Of server blocks that give none. */
  readonly port: number;
}): [string, ...string[]] {
  const { program, corefile, manifests, port } = options;
  const flags = ['-conf', corefile, '--fixture', manifests, '--bind', '127.0.0.1', '-dns.port', String(port)];
  return [...nodeCommand, program, ...flags];
}

/** Resolves when the server has answered for the last Service. */
export async function answering(server: Server, size: ClusterSize): Promise<Server> {
  await untilAnswered(server.process, server.port, fullName(size.services - 1, size));
  return server;
}

export function onCore(core: number | undefined): { readonly core?: number } {
  return core === undefined ? {} : { core };
}

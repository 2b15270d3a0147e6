/**
 * The Corefiles that rows name:
 *
 *     fixture   what the program has built in for manifests, without its line that hands names on: nothing leaves this machine
 *     plain     the same without `searchpath`, which completes names
 *     kubeadm   kubeadm's, with ports of its own and one upstream
 *     stock     the same with every further directive that a stock file has and that stands in the way of a query
 */
import { execFileSync } from 'node:child_process';
import { kubeadmCorefile } from './kubeadm.ts';
import { stockCorefile } from './stock.ts';

export type CorefileName = 'fixture' | 'plain' | 'kubeadm' | 'stock';

/** Those that hand names on, to a server that answers names outside of the cluster. */
export function hasUpstream(name: CorefileName): name is 'kubeadm' | 'stock' {
  return name === 'kubeadm' || name === 'stock';
}

/** @param folder an empty one: a program that finds a Corefile where it starts takes that */
export function builtInCorefile(program: string, folder: string): string {
  const flags = [program, '--fixture', folder, '--print-config'];
  const text = execFileSync(process.execPath, flags, { cwd: folder, encoding: 'utf8' });
  return text.replace(/^ *forward .*\n/m, '');
}

export function withoutSearchPath(corefile: string): string {
  return corefile.replace(/^ *searchpath \{[^}]*\}\n/m, '');
}

const PORTS = { dns: 1053, http: 9153, upstream: 5300 } as const;

/** The Corefiles for a reader, with examples of ports. */
export function describeCorefiles(builtIn: string): string {
  const indented = (text: string): string => text.trimEnd().replaceAll(/^/gm, '    ');
  const { dns, http, upstream } = PORTS;
  return `Corefile of cluster, headless, nx, search and tcp: the one that is built in for --fixture, without its forward

${indented(builtIn)}

fresh: the same without searchpath

${indented(withoutSearchPath(builtIn))}

ext, real and latency: kubeadm's, prometheus on, with other ports; here ${dns}, ${http}, and ${upstream} of the upstream

${indented(kubeadmCorefile({ dns, http, upstream }))}

stock: with what other stock files have beside it

${indented(stockCorefile({ dns, http, upstream }))}`;
}

/**
 * Which Corefile a command works with: the one that was named, the one that lies here, or a built-in one.
 *
 *     -conf FILE (or `stdin`) ─► ./Corefile ─► with --fixture: fixture ─► in a pod: pod ─► the example
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CorefileSource } from '../corefile/corefile.ts';
import type { Flags } from './arguments.ts';
import { RESOLV_CONF, findUpstreams } from './upstreams.ts';

/** Of server blocks that give none, where the command line does not either. */
export const DEFAULT_PORT = 53;

export interface ChosenConfiguration {
  readonly source: CorefileSource;
  readonly fixtures: readonly string[];
  /** Absolute path of the file that keeps the cluster's state between runs; undefined where none was named. */
  readonly snapshot: string | undefined;
  readonly bind: readonly string[];
  /** The example cluster is served, which is said at start. */
  readonly isExample: boolean;
  /** What the person who started the program should know of the Corefile that was chosen. */
  readonly remark: string | undefined;
}

/**
 * @param bind a line that binds the block, or nothing
 * @param forward the line that hands other names on, or nothing
 */
const fixtureCorefile = (bind: string, forward: string): string => `. {
${bind}    errors
    reload
    local
    searchpath {
        complete
        short_names
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
    ipv6 keep
${forward}    cache 30
}
`;

/** kubeadm's own, without a port, and with `ipv6`. */
const podCorefile = `. {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    ipv6 auto
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

/** The manifests of the example cluster, beside the program. */
const examples = new URL('../../manifests/examples/', import.meta.url);
/** The example is for this machine alone, unless --bind says otherwise. */
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];
const bindLine = (addresses: readonly string[]): string => `    bind ${addresses.join(' ')}\n`;
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** @throws Error where standard input cannot be read, or is asked for twice */
export function chooseConfiguration(flags: Flags, environment: NodeJS.ProcessEnv): ChosenConfiguration {
  const { conf, fixtures, bind } = flags;
  const snapshot = flags.snapshot === undefined ? undefined : resolve(flags.snapshot);
  const chosen = (source: CorefileSource): ChosenConfiguration => ({
    source,
    fixtures,
    snapshot,
    bind,
    isExample: false,
    remark: undefined,
  });
  if (conf === 'stdin' && fixtures.includes('-')) {
    throw new Error('-conf stdin and --fixture - cannot both read standard input; put one of them in a file');
  }
  if (conf === 'stdin') return chosen(builtIn('stdin', readFileSync(0, 'utf8')));
  if (conf !== undefined) return chosen({ kind: 'file', path: conf });
  if (existsSync('Corefile')) return chosen({ kind: 'file', path: 'Corefile' });
  if (fixtures.length > 0) {
    const { corefile, remark } = withUpstreams('', flags, bind);
    return { ...chosen(builtIn('built-in fixture Corefile', corefile)), remark };
  }
  if (environment['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(serviceAccount)) {
    return chosen(builtIn('built-in pod Corefile', podCorefile));
  }
  const loopback = bind.length > 0 ? '' : bindLine(LOOPBACK);
  const { corefile, remark } = withUpstreams(loopback, flags, bind.length > 0 ? bind : LOOPBACK);
  return {
    source: builtIn('built-in example Corefile', corefile),
    fixtures: [fileURLToPath(examples)],
    snapshot,
    bind,
    isExample: true,
    remark,
  };
}

/** @param bound the addresses that the program will be bound to; empty for all */
function withUpstreams(bind: string, { port = DEFAULT_PORT }: Flags, bound: readonly string[]) {
  const { line, remark } = findUpstreams(resolvConf(), port, bound);
  return { corefile: fixtureCorefile(bind, line === undefined ? '' : `    ${line}\n`), remark };
}

function resolvConf(): string | undefined {
  try {
    return readFileSync(RESOLV_CONF, 'utf8');
  } catch {
    return undefined;
  }
}

function builtIn(name: string, text: string): CorefileSource {
  return { kind: 'text', name, text, folder: process.cwd() };
}

/** The text of the Corefile that was chosen. */
export function corefileText(source: CorefileSource): string {
  return source.kind === 'text' ? source.text : readFileSync(source.path, 'utf8');
}

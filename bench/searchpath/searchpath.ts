/**
 * What `complete` of `searchpath` saves a client: glibc looks external names up with ndots:5 and the search path of a pod, with
 * completion and without, and both again with a domain of the node behind. What the upstream says is in the server's cache. Server,
 * upstream and client are in a network namespace of their own.
 *
 *     node bench/searchpath/searchpath.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanUpAtExit, isInstalled, temporaryFolder } from '../processes.ts';

const NODE_DOMAIN = 'corp.example';

interface Row {
  readonly name: string;
  readonly completes: boolean;
  /** Whether the search path ends with the domain of the node. */
  readonly nodeDomain: boolean;
}

const rows: readonly Row[] = [
  { name: 'without', completes: false, nodeDomain: false },
  { name: 'with', completes: true, nodeDomain: false },
  { name: 'without, node domain', completes: false, nodeDomain: true },
  { name: 'with, node domain', completes: true, nodeDomain: true },
];

const resolvConf = ({ nodeDomain }: Row): string => `search default.svc.cluster.local svc.cluster.local cluster.local ${
  nodeDomain ? NODE_DOMAIN : ''
}
nameserver 127.0.0.1
options ndots:5
`;

const MANIFESTS = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { clusterIP: 10.96.0.10, ports: [{ port: 80 }] }
`;

const searchPath = ({ completes, nodeDomain }: Row): string =>
  completes
    ? `    searchpath {
        complete
${nodeDomain ? `        search ${NODE_DOMAIN}\n` : ''}    }
`
    : '';
const corefile = (row: Row): string => `. {
    errors
${searchPath(row)}    kubernetes cluster.local
    forward . 127.0.0.1:5300
    cache 30
}
`;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** What keeps it from being measured; undefined where nothing does. */
export function searchPathObstacle(): string | undefined {
  const missing = ['cc', 'unshare', 'ip', 'mount'].find((command) => !isInstalled(command));
  return missing === undefined ? undefined : `'${missing}' is not installed`;
}

/** The table, as text. @param rounds look-ups of each of 200 names in one run, of which there are `runs` */
export function measureSearchPath(program: string, folder: string, runs: number, rounds: number): string {
  const lookups = join(folder, 'lookups');
  execFileSync('cc', ['-O1', '-o', lookups, here('lookups.c')], { stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(join(folder, 'cluster.yaml'), MANIFESTS);
  const lines = rows.map((row, i) => {
    const place = join(folder, `row${i}`);
    mkdirSync(place);
    writeFileSync(join(place, 'Corefile'), corefile(row));
    writeFileSync(join(place, 'resolv.conf'), resolvConf(row));
    const measured = Array.from({ length: runs }, () => measureOnce(program, folder, place, lookups, rounds));
    const cells = [0, 1, 2].map((figure) => spread(measured.map((one) => one[figure] ?? Number.NaN)));
    return [row.name.padEnd(20), ...cells.map((cell) => cell.padStart(24))].join('');
  });
  const head = ['completion', 'queries per look-up', 'median, µs', 'p99, µs'];
  return [head.map((cell, i) => (i === 0 ? cell.padEnd(20) : cell.padStart(24))).join(''), ...lines].join('\n');
}

/** Queries of a look-up, and microseconds of one: the median, and what one in a hundred takes longer than. */
function measureOnce(
  program: string,
  folder: string,
  place: string,
  lookups: string,
  rounds: number,
): readonly number[] {
  const prepare = 'mount --bind "$0" /etc/resolv.conf && ip link set lo up && exec "$@"';
  const within = ['--map-root-user', '--net', '--mount', 'sh', '-c', prepare, join(place, 'resolv.conf')];
  const inside = [
    process.execPath,
    here('inside.ts'),
    join(place, 'Corefile'),
    join(folder, 'cluster.yaml'),
    program,
    lookups,
    String(rounds),
  ];
  const text = execFileSync('unshare', [...within, ...inside], { encoding: 'utf8', timeout: 120_000 });
  return text.split(' ').map(Number);
}

/** The median, and the lowest and the highest. */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const shown = (value: number | undefined): string => (value ?? Number.NaN).toFixed(1);
  return `${shown(sorted[Math.floor(sorted.length / 2)])} (${shown(sorted[0])}–${shown(sorted.at(-1))})`;
}

if (import.meta.main) {
  cleanUpAtExit();
  const obstacle = searchPathObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const program = process.argv[2] ?? here('../../src/main.ts');
  process.stdout.write(`${measureSearchPath(program, temporaryFolder(), 3, 20)}\n`);
}

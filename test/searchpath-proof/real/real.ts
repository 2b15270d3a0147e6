/**
 * The real resolvers: builds a program that looks names up with one of them, and lets it walk where `inside.ts` is the only server.
 * Needs Linux, the right to unshare, and a compiler.
 *
 *     node test/searchpath-proof/real/real.ts go > test/searchpath-proof/real/go.transcript     as it is kept
 */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RESOLV_CONF } from './scenarios.ts';
import { type Transcript, readTranscript, writeTranscript } from './transcript.ts';

export type ResolverName = 'glibc' | 'musl' | 'go';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** What is run to build the program of a resolver. */
function build(resolver: ResolverName, program: string): void {
  const options: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'] };
  switch (resolver) {
    case 'glibc':
      execFileSync('cc', ['-O1', '-o', program, here('lookups.c')], options);
      return;
    case 'musl':
      execFileSync('musl-gcc', ['-static', '-O1', '-o', program, here('lookups.c')], options);
      return;
    case 'go':
      execFileSync('go', ['build', '-o', program, here('lookups.go')], {
        ...options,
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GO111MODULE: 'off' },
      });
  }
}

/** @throws Error where a program is missing or fails */
export function walkWith(resolver: ResolverName, seed: number, walks: number): Transcript {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-resolvers-'));
  try {
    const program = join(folder, resolver);
    build(resolver, program);
    const resolvConf = join(folder, 'resolv.conf');
    writeFileSync(resolvConf, RESOLV_CONF);
    const prepare = 'mount --bind "$0" /etc/resolv.conf && ip link set lo up && exec "$@"';
    const within = ['--map-root-user', '--net', '--mount', 'sh', '-c', prepare, resolvConf];
    const inside = [process.execPath, here('inside.ts'), program, String(seed), String(walks)];
    const text = execFileSync('unshare', [...within, ...inside], {
      encoding: 'utf8',
      timeout: 120_000,
      maxBuffer: 2 ** 26,
    });
    return { ...readTranscript(text), resolver };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const [word, seed = '1', walks = '1000'] = process.argv.slice(2);
  const resolver = (['glibc', 'musl', 'go'] as const).find((name) => name === word);
  if (resolver === undefined) throw new Error('which resolver: glibc, musl or go?');
  process.stdout.write(writeTranscript(walkWith(resolver, Number(seed), Number(walks))));
}

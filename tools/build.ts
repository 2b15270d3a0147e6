/**
 * Bundles the program for an image: `node tools/build.ts` writes dist/.
 *
 *     src/main.ts                            ─► dist/bin/main.js
 *     src/cluster/fixture/parser-process.ts  ─► dist/bin/parser-process.js   which main.js starts as a process of its own
 *     a start of that                        ─► dist/cache/                  compiled code, for this Node.js
 *
 * The bundle lies two folders below the root, as the modules that look for manifests/examples/ do in src/, so that it
 * finds them in the same place.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { nodeFlags } from './node-command.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

await rm(`${root}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts', 'parser-process': 'src/cluster/fixture/parser-process.ts' },
  outdir: 'dist/bin',
  bundle: true,
  // What is imported only when it is needed, such as the client library that reads a kubeconfig, is a file of its own.
  splitting: true,
  chunkNames: '[name]-[hash]',
  platform: 'node',
  target: 'node24.15',
  format: 'esm',
  // Half of what must be read at each start is white space; names stay, for stack traces.
  minifyWhitespace: true,
  sourcemap: 'linked',
  legalComments: 'linked',
  // That library has parts in CommonJS, which ask for `require` by this name.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
});
await compile();

/**
 * Starts what has been built and ends it at once: Node.js keeps the code that it has compiled. It takes it again only with the same
 * flags, which are those of `npm start`.
 */
async function compile(): Promise<void> {
  const program = [
    `${root}dist/bin/main.js`,
    '--fixture',
    `${root}manifests/examples`,
    '--bind',
    '127.0.0.1',
    '-dns.port',
    '0',
  ];
  const child = spawn(process.execPath, [...nodeFlags, ...program], {
    // Where nobody has left a Corefile, which it would take.
    cwd: `${root}dist`,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('Nodens')) child.kill('SIGINT');
  }
  const [status] = await ended;
  if (status !== 0) throw new Error(`what was built does not run: it ended with ${String(status)}`);
}

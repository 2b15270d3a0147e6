/**
 * Bundles the program for an image: `node tools/build.ts` writes dist/.
 *
 *     src/main.ts                            ─► dist/bin/main.js
 *     src/cluster/fixture/parser-process.ts  ─► dist/bin/parser-process.js   which main.js starts as a process of its own
 *
 * The bundle lies two folders below the root, as the modules that look for manifests/examples/ do in src/, so that it
 * finds them in the same place.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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

#!/usr/bin/env node
/**
 * From arguments to a command. The rest of the program is loaded only when SIGUSR1 has its handler, which a static import
 * beside it would not wait for, and with the cache of compiled code that makes running from source start twice as fast.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import './signals.ts';

// A bundle is one file without types: there is next to nothing to gain, and its file system may be read-only.
if (import.meta.url.endsWith('.ts')) {
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/nodens', import.meta.url)));
}

const { run } = await import('./commands/commands.ts');
process.exitCode = await run(process.argv.slice(2));

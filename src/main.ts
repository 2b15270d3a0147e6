#!/usr/bin/env node
/**
 * From arguments to a command. The rest of the program is loaded only when SIGUSR1 has its handler, which a static import
 * beside it would not wait for, and with the cache of compiled code that makes running from source start twice as fast.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import './signals.ts';

// The bundle's is made when it is built, and read only: where it lies, an image lets nobody write.
const cache = import.meta.url.endsWith('.ts') ? '../node_modules/.cache/nodens' : '../cache';
enableCompileCache({ directory: fileURLToPath(new URL(cache, import.meta.url)), portable: true });

const { run } = await import('./commands/commands.ts');
process.exitCode = await run(process.argv.slice(2));

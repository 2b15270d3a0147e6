/**
 * What `npm start` gives Node, and the image. A small young generation takes 50 MiB off and no time; it is that large from the start,
 * since a smaller one is collected so much more often that UDP through `node:dgram` takes a tenth more time. The octets of its Buffers,
 * one for each datagram, are given back where they were taken: another thread that does it costs a fiftieth. An old one that is
 * collected when it has grown by a fifth takes 80 MiB off while names that never repeat go through the cache, for a tenth more time
 * with those. One thread helps to collect and to compile: on one core, four of them leave the thread that answers a fifth of it for
 * as long as they work. It has the same priority as that one, for behind it the old generation outgrows its bounds under load.
 *
 * The flags of the old generation cost 45 ms of each start: Node.js brings the compiled code of its own modules for the flags that V8
 * has by itself. Without them it is collected while everything is listed, which costs as much.
 */
import { readFileSync } from 'node:fs';

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const command = /"start": "exec node ([^"]+)"/.exec(manifest)?.[1] ?? '';

export const nodeFlags: readonly string[] = command.split(' ').filter((word) => word.startsWith('--'));

/**
 * How `npm start` calls Node, and the image. A small young generation takes 50 MiB off and no time. A collection of it holds answers up
 * for as long as it is large: with 2 MiB, p99 of answers while everything is listed is 8 ms in place of 13 with 4, and a query through
 * `node:dgram` takes a hundredth more time. It has that size from the start, where V8 would begin with less and collect more often. The
 * octets of its Buffers are given back where they were taken: another thread that does it costs a fiftieth. An old one that is
 * collected when it has grown by a fifth takes 80 MiB off while names that never repeat go through the cache, for a tenth more time with
 * those. One thread helps to collect and to compile: on one core, four of them leave the thread that answers a fifth of it for as long as
 * they work. It has the same priority as that one, for behind it the old generation outgrows its bounds under load.
 *
 * Every object begins in the young generation. V8 otherwise learns which places in the code make objects that grow old, as those do that
 * wait for an upstream or go into the cache, and has them made old from the start; they then keep all that they lead to, and most of what
 * a query leaves behind. Without this learning a query that goes to an upstream takes an eighth less time, and a collection while there
 * are many of them a third of what it took.
 *
 * This flag and those of the old generation cost 45 ms of each start, be it one of them or all: Node.js brings the compiled code of its
 * own modules for the flags that V8 has by itself. Without those of the old generation it is collected while everything is listed, which
 * costs as much.
 *
 * A young generation ends with V8's notes about the buffers of some 2,500 datagrams, given back at once; the octets themselves are given
 * back a batch at a time. glibc keeps twice that many pieces ready for those that come next, rather than joining them to larger ones and
 * parting those again, which costs UDP through `node:dgram` a sixtieth. Other C libraries do not look at the variable.
 */
import { readFileSync } from 'node:fs';

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const [, variable = '', flags = ''] = /"start": "exec env (\S+) node ([^"]+)"/.exec(manifest) ?? [];

/** `NAME=VALUE`. */
export const nodeVariable = variable;

export const nodeFlags: readonly string[] = flags.split(' ').filter((word) => word.startsWith('--'));

/** All but the program and what it is told. `env` gives way to Node, so that the process is the server's. */
export const nodeCommand = ['env', nodeVariable, process.execPath, ...nodeFlags] as const;

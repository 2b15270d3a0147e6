/** Loaded into the program before its own modules: collects its garbage by force, ten times a second. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY = 100;

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');
if (typeof collect === 'function') setInterval(() => void Reflect.apply(collect, undefined, []), EVERY).unref();

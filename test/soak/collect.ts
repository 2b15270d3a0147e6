/** Loaded into the program before its own modules: collects its garbage by force, ten times a second. */
import { collectGarbage } from '../support/collected.ts';

const EVERY = 100;

setInterval(collectGarbage, EVERY).unref();

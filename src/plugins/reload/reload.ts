/**
 * `reload [INTERVAL] [JITTER]`: how often the Corefile is looked at. It only sets the times; the server acts on them.
 */
import { expectArguments, forbidBlock, readDuration } from '../../corefile/options.ts';
import type { Directive } from '../../corefile/corefile.ts';
import type { Problems } from '../../corefile/problems.ts';
import { onlyUse } from '../once.ts';
import type { SettingDirective } from '../plugin.ts';

/** All in milliseconds. */
const DEFAULT_INTERVAL = 30_000;
const DEFAULT_JITTER = 15_000;
const MIN_INTERVAL = 2_000;
const MIN_JITTER = 1_000;
/** What a timer can wait, rounded down to whole days. */
const MAX_INTERVAL = 24 * 86_400_000;

export const reload: SettingDirective = {
  kind: 'setting',
  name: 'reload',
  apply(uses, { problems }, settings) {
    const use = onlyUse(uses, problems);
    expectArguments(use, problems, { max: 2, usage: 'reload [INTERVAL] [JITTER]' });
    forbidBlock(use, problems);
    const interval = readTime(use, 0, DEFAULT_INTERVAL, MIN_INTERVAL, problems);
    const jitter = readTime(use, 1, DEFAULT_JITTER, MIN_JITTER, problems);
    // An interval of 0 means never, which is what no `reload` at all means.
    settings.reload = interval === 0 ? undefined : { interval, jitter: Math.min(jitter, interval / 2) };
  },
};

/** Argument `index` in milliseconds: 0, or at least `min`. */
function readTime(use: Directive, index: number, otherwise: number, min: number, problems: Problems): number {
  const token = use.args[index];
  if (token === undefined) return otherwise;
  if (/^0(?:ms|s|m|h)?$/.test(token.text)) return 0;
  return readDuration(token, problems, { min, max: MAX_INTERVAL }) ?? otherwise;
}

/**
 * `debug`: debug lines in the log. It only sets that; the server acts on it.
 */
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import type { SettingDirective } from '../plugin.ts';

export const debug: SettingDirective = {
  kind: 'setting',
  name: 'debug',
  apply(uses, { problems }, settings) {
    for (const use of uses) {
      expectArguments(use, problems, { max: 0, usage: 'debug' });
      forbidBlock(use, problems);
    }
    settings.debug = true;
  },
};

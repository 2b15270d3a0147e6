/**
 * `shed`: what UDP sockets cannot keep up with is dropped and counted. They drop it in any case, as the table of bounds says;
 * the directive only has it counted under CoreDNS's name.
 */
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import { onlyUse } from '../once.ts';
import type { SettingDirective } from '../plugin.ts';

export const shed: SettingDirective = {
  kind: 'setting',
  name: 'shed',
  apply(uses, { problems }, settings) {
    const use = onlyUse(uses, problems);
    forbidBlock(use, problems);
    expectArguments(use, problems, { max: 0, usage: 'shed' });
    settings.shed = true;
  },
};

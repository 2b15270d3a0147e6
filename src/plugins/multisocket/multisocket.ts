/**
 * `multisocket [N]`: how many sockets CoreDNS opens for each address. It is read and checked, and changes nothing: one thread
 * serves here, and it takes requests off a socket in batches, so that there is nobody to read a second one.
 */
import { expectArguments, forbidBlock, readInteger } from '../../corefile/options.ts';
import { onlyUse } from '../once.ts';
import type { SettingDirective } from '../plugin.ts';

const MAX_SOCKETS = 1_024;

export const multisocket: SettingDirective = {
  kind: 'setting',
  name: 'multisocket',
  apply(uses, { problems }) {
    const use = onlyUse(uses, problems);
    forbidBlock(use, problems);
    const [word] = use.args;
    if (!expectArguments(use, problems, { max: 1, usage: 'multisocket [N]' }) || word === undefined) return;
    readInteger(word, problems, { min: 1, max: MAX_SOCKETS, what: 'multisocket' });
  },
};

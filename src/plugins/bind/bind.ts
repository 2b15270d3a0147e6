/**
 * `bind ADDRESS|INTERFACE… { except … }`: where a block listens. It only collects the words; the server turns names of
 * interfaces into addresses when it opens its sockets, and says where one does not exist.
 */
import { isIP } from 'node:net';
import type { Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import type { SettingDirective } from '../plugin.ts';

const USAGE = 'bind ADDRESS|INTERFACE…';
/** Linux takes no longer name of an interface (IFNAMSIZ). */
const MAX_INTERFACE = 15;

export const bind: SettingDirective = {
  kind: 'setting',
  name: 'bind',
  apply(uses, { problems }, settings) {
    for (const use of uses) {
      expectArguments(use, problems, { min: 1, usage: USAGE });
      collect(use.args, settings.bind, problems);
      eachOption(use, problems, {
        except(option) {
          expectArguments(option, problems, { min: 1, usage: 'except ADDRESS|INTERFACE…' });
          forbidBlock(option, problems);
          collect(option.args, settings.bindExcept, problems);
        },
      });
    }
  },
};

function collect(tokens: readonly Token[], into: string[], problems: Problems): void {
  for (const token of tokens) {
    if (isListenable(token, problems) && !into.includes(token.text)) into.push(token.text);
  }
}

/** Whether a word can be an address or the name of an interface; if not, that is reported. */
function isListenable(token: Token, problems: Problems): boolean {
  const { text } = token;
  if (isIP(text) !== 0) return true;
  const bare =
    /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? /^([^/]*)\/\d+$/.exec(text)?.[1];
  const inside = bare !== undefined && isIP(bare) !== 0 ? bare : undefined;
  const number = /^[\d.]+$/.test(text) || text.includes('::');
  if (inside === undefined && !number && isInterfaceName(text)) return true;
  problems.error(token, `'${shorten(text)}' is neither an address nor the name of an interface`, {
    expected: 'an address such as 10.0.0.1 or ::1, without brackets, port and mask, or an interface such as eth0',
    ...(inside === undefined ? {} : { suggestion: inside }),
  });
  return false;
}

function isInterfaceName(text: string): boolean {
  return text.length <= MAX_INTERFACE && /^[^\s/\p{Cc}]+$/u.test(text);
}

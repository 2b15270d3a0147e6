/** `https { max_connections N }`: how many connections a listener for DNS over HTTPS may have. */
import { eachOption, expectArguments, forbidBlock, readInteger } from '../../corefile/options.ts';
import { onlyUse } from '../once.ts';
import type { SettingDirective } from '../plugin.ts';

const USAGE = 'https { max_connections N }';

/** As many as there are ports: a server has hardly file descriptors for more. */
export const MAX_CONNECTIONS = 65_535;

export const https: SettingDirective = {
  kind: 'setting',
  name: 'https',
  apply(uses, { problems }, settings) {
    const use = onlyUse(uses, problems);
    expectArguments(use, problems, { max: 0, usage: USAGE });
    let isGiven = false;
    eachOption(use, problems, {
      max_connections(option) {
        forbidBlock(option, problems);
        if (isGiven) {
          problems.error(option.name, "'max_connections' is given twice", { expected: "one 'max_connections'" });
        }
        isGiven = true;
        const fits = expectArguments(option, problems, { min: 1, max: 1, usage: 'max_connections N' });
        const [word] = option.args;
        if (!fits || word === undefined) return;
        const number = readInteger(word, problems, { min: 0, max: MAX_CONNECTIONS, what: 'max_connections' });
        // CoreDNS's word for no limit. Here there is always one.
        settings.httpsConnections = number === 0 ? MAX_CONNECTIONS : number;
      },
    });
    if (use.block === undefined || use.block.length === 0) {
      problems.error(use.name, "'https' sets nothing", { expected: USAGE });
    }
  },
};

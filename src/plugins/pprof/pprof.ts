/**
 * `pprof`: CPU profiles and heap snapshots of the process, over HTTP on a Unix socket. It is off where the Corefile does
 * not have it, and never on a port: a heap snapshot holds everything that the process knows, the credentials for the API
 * server among it, and a port of a pod can be reached by the whole cluster.
 */
import type { Directive } from '../../corefile/corefile.ts';
import { forbidBlock } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { onlyUse } from '../once.ts';
import type { PluginDirective } from '../plugin.ts';
import { Profiles } from './profiles.ts';
import { ProfileSocket } from './socket.ts';

/** Octets of the path of a Unix socket that every system takes: macOS has room for one less than 104, Linux for more. */
const MAX_PATH = 103;

const EXPECTED =
  'the absolute path of a Unix socket, such as /run/nodens.sock; a port would show what is in memory to the whole cluster';

export const pprof: PluginDirective = {
  kind: 'plugin',
  name: 'pprof',
  besideChain: true,
  configure(uses, { problems }) {
    const path = readPath(onlyUse(uses, problems), problems);
    if (path === undefined) return undefined;
    return {
      async create(host) {
        const profiles = host.shared(Profiles, '', () => new Profiles());
        const socket = host.shared(ProfileSocket, path, () => new ProfileSocket(path, profiles, host.logger('pprof')));
        await socket.open();
        return {};
      },
    };
  },
};

function readPath(use: Directive, problems: Problems): string | undefined {
  forbidBlock(use, problems);
  const [word, more] = use.args;
  if (word === undefined) {
    problems.error(use.name, `'pprof' needs the path of a socket`, { expected: EXPECTED });
  } else if (more !== undefined) {
    problems.error(more, `'pprof' takes one path`, { expected: 'pprof PATH' });
  } else if (!word.text.startsWith('/')) {
    problems.error(word, `'${shorten(word.text)}' is no absolute path`, { expected: EXPECTED });
  } else if (Buffer.byteLength(word.text) > MAX_PATH) {
    problems.error(word, `the path is too long for a socket`, { expected: `at most ${MAX_PATH} octets` });
  } else {
    return word.text;
  }
  return undefined;
}

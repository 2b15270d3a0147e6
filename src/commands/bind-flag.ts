/** The words of `--bind`: what the `bind` of a server block takes. */
import { networkInterfaces } from 'node:os';
import type { Token } from '../corefile/corefile.ts';
import { Problems } from '../corefile/problems.ts';
import { bind } from '../plugins/bind/bind.ts';
import type { BlockSettings } from '../plugins/plugin.ts';

const HOST = 'localhost';

/** What is wrong with the first wrong word, and what to write instead; undefined where each can be served at. */
export function bindFault(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  if (words.includes(HOST) && networkInterfaces()[HOST] === undefined) {
    return `--bind: '${HOST}' is the name of a host; expected an address or an interface, such as 127.0.0.1`;
  }
  const problems = new Problems();
  const settings: BlockSettings = { bind: [], bindExcept: [], debug: false, reload: undefined, timeouts: undefined };
  const token = (text: string, i: number): Token => ({
    text,
    quoted: true,
    at: { file: '--bind', line: 1, column: i },
  });
  const use = { name: token('bind', 0), args: words.map((word, i) => token(word, i + 1)), block: undefined };
  bind.apply([use], { zones: [], problems, fixtures: [], folder: '.', usesOf: () => [use] }, settings);
  const [problem] = problems.list;
  if (problem === undefined) return undefined;
  const { message, expected = '', suggestion } = problem;
  return `--bind: ${message}; expected ${expected}${suggestion === undefined ? '' : `; did you mean '${suggestion}'?`}`;
}

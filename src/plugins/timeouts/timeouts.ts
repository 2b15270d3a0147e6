/**
 * `timeouts`: how long TCP connections of clients may take, and how many queries one may carry (RFC 7766 §6.2). It only
 * reads the values; the server hands them to its sockets.
 */
import { eachOption, expectArguments, forbidBlock, readDuration, readInteger } from '../../corefile/options.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { onlyUse } from '../once.ts';
import type { SettingDirective, Timeouts } from '../plugin.ts';

/** Milliseconds. */
const SHORTEST = 1_000;
const LONGEST = 86_400_000;
const MAX_QUERIES = 2_147_483_647;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export const timeouts: SettingDirective = {
  kind: 'setting',
  name: 'timeouts',
  apply(uses, { problems }, settings) {
    const use = onlyUse(uses, problems);
    expectArguments(use, problems, { max: 0, usage: 'timeouts { read DURATION }' });
    const values: Writable<Timeouts> = { read: undefined, write: undefined, idle: undefined, queries: undefined };
    const seen = new Set<string>();

    const one = (option: Directive, usage: string, read: (argument: Token) => void): void => {
      const { name, args } = option;
      const [argument] = args;
      if (seen.has(name.text)) {
        problems.error(name, `'${name.text}' is given twice`, { expected: `one '${name.text}'` });
      }
      seen.add(name.text);
      forbidBlock(option, problems);
      if (expectArguments(option, problems, { min: 1, max: 1, usage }) && argument !== undefined) read(argument);
    };
    const time = (name: 'read' | 'write' | 'idle') => (option: Directive) =>
      one(option, `${name} DURATION`, (token) => {
        values[name] = readDuration(token, problems, { bareNumber: 'seconds', min: SHORTEST, max: LONGEST });
      });

    eachOption(use, problems, {
      read: time('read'),
      write: time('write'),
      idle: time('idle'),
      maxtcpqueries: (option) =>
        one(option, 'maxtcpqueries NUMBER', (token) => {
          const queries = readInteger(token, problems, { min: -1, max: MAX_QUERIES, what: 'maxtcpqueries' });
          // CoreDNS's words for no limit. Here there is always one: that of the table of bounds.
          values.queries = queries === -1 || queries === 0 ? undefined : queries;
        }),
    });
    if (use.block === undefined || use.block.length === 0) {
      problems.error(use.name, "'timeouts' sets nothing", {
        expected: 'timeouts { read 3s }, or write, idle, maxtcpqueries',
      });
    }
    settings.timeouts = values;
  },
};

/** `timeouts`: its words. What they do to a connection is tested with the sockets. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { timeouts } from '../../src/plugins/timeouts/timeouts.ts';
import { limitsOf } from '../../src/server/listeners.ts';
import { expectProblem } from './problems.ts';
import { settingsOf } from './support.ts';

const NONE = { read: undefined, write: undefined, idle: undefined, queries: undefined };

function read(...options: readonly string[]) {
  return settingsOf(timeouts, `timeouts {\n${options.map((option) => `  ${option}`).join('\n')}\n}`);
}

describe('timeouts', () => {
  it.each([
    [['read 5s'], { read: 5_000 }],
    [['write 1m', 'idle 24h'], { write: 60_000, idle: 86_400_000 }],
    [['read 1s', 'write 1s', 'idle 1s', 'maxtcpqueries 1'], { read: 1_000, write: 1_000, idle: 1_000, queries: 1 }],
    [['idle 30'], { idle: 30_000 }],
    [['maxtcpqueries 100'], { queries: 100 }],
  ])('%s', (options, expected) => {
    const { settings, problems } = read(...options);
    expect(problems).toEqual([]);
    expect(settings.timeouts).toEqual({ ...NONE, ...expected });
  });

  it.each(['-1', '0'])('maxtcpqueries %s is as in the table of bounds, which is never without a limit', (number) => {
    const { settings, problems } = read(`maxtcpqueries ${number}`);
    expect(problems).toEqual([]);
    expect(settings.timeouts).toEqual(NONE);
    expect(limitsOf(settings.timeouts)).toEqual({});
  });

  it('names its values as the table of bounds does', () => {
    const { settings } = read('read 1s', 'write 2s', 'idle 3s', 'maxtcpqueries 4');
    const limits = limitsOf(settings.timeouts);
    expect(limits).toEqual({ tcpFirstQuery: 1_000, tcpWrite: 2_000, tcpIdle: 3_000, tcpQueries: 4 });
    expect(Object.keys(bounds)).toEqual(expect.arrayContaining(Object.keys(limits)));
    expect(limitsOf(undefined)).toEqual({});
  });

  it.each([
    ['timeouts', "'timeouts' sets nothing"],
    ['timeouts {\n}', "'timeouts' sets nothing"],
    ['timeouts {\n  read soon\n}', "'soon' is not a duration"],
    ['timeouts {\n  read\n}', "'read' needs an argument"],
    ['timeouts {\n  read 5s 6s\n}', "'read' takes at most 1 argument"],
    ['timeouts {\n  read 500ms\n}', 'the duration 500ms is out of range'],
    ['timeouts {\n  write 0\n}', 'the duration 0 is out of range'],
    ['timeouts {\n  idle 25h\n}', 'the duration 25h is out of range'],
    ['timeouts {\n  maxtcpqueries -2\n}', 'maxtcpqueries must be in range [-1, 2147483647]: -2'],
    ['timeouts {\n  maxtcpqueries many\n}', "'many' is not a whole number"],
    ['timeouts {\n  read 5s\n  read 6s\n}', "'read' is given twice"],
    ['timeouts {\n  raed 5s\n}', "did you mean 'read'?"],
    ['timeouts 5s {\n  read 5s\n}', "'timeouts' takes no arguments"],
    ['timeouts {\n  read 5s {\n  }\n}', "'read' takes no block"],
    [
      'timeouts {\n  read 5s\n}\ntimeouts {\n  idle 5s\n}',
      "'timeouts' can be used once per server block, and stands at Corefile:2:1 already",
    ],
  ])('%s is reported', (lines, message) => {
    expectProblem(settingsOf(timeouts, lines).problems, message);
  });
});

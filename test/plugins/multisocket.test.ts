/** `multisocket`: read and checked, and nothing else. */
import { describe, expect, it } from 'vitest';
import { multisocket } from '../../src/plugins/multisocket/multisocket.ts';
import { run, saying } from '../server/running.ts';
import { expectProblem } from './problems.ts';
import { settingsOf } from './support.ts';

describe('multisocket', () => {
  it.each(['multisocket', 'multisocket 1', 'multisocket 1024'])('%s', (lines) => {
    expect(settingsOf(multisocket, lines).problems).toEqual([]);
  });

  it.each([
    ['multisocket 0', 'multisocket must be in range [1, 1024]: 0'],
    ['multisocket 1025', 'multisocket must be in range [1, 1024]: 1025'],
    ['multisocket -1', 'multisocket must be in range [1, 1024]: -1'],
    ['multisocket all', "'all' is not a whole number"],
    ['multisocket 2 3', "'multisocket' takes at most 1 argument"],
    ['multisocket {\n}', "'multisocket' takes no block"],
    ['multisocket\nmultisocket 2', "'multisocket' can be used once per server block"],
  ])('%s is reported', (lines, message) => {
    expectProblem(settingsOf(multisocket, lines).problems, message);
  });

  it('leaves one socket of each kind for an address', async () => {
    const { server } = await run(saying('here', { lines: 'multisocket 4' }));
    expect(server.listening).toHaveLength(1);
    expect(server.listening[0]?.udp?.bound).toHaveLength(1);
    expect(server.listening[0]?.tcp.bound).toHaveLength(1);
  });
});

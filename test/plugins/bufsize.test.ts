/** `bufsize`: how large a client's UDP size counts as at most. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { bufsize } from '../../src/plugins/bufsize/bufsize.ts';
import { expectProblem } from './problems.ts';
import { type QueryOptions, ask, makeQuery, problemsOf, serve } from './support.ts';

/** Octets that a reply may have after the query passed the directive. */
async function roomAfter(lines: string, options: QueryOptions, udpSize?: number): Promise<number> {
  const { plugin } = await serve(bufsize, lines);
  const query = makeQuery('example.org.', 'A', options);
  if (udpSize !== undefined) query.account.udpSize = udpSize;
  ask(plugin, query);
  return query.room;
}

const offering = (udpSize: number): QueryOptions => ({ edns: { udpSize } });

describe('bufsize', () => {
  it.each<[string, string, QueryOptions, number]>([
    ['an offer above it', 'bufsize 600', offering(4096), 600],
    ['an offer below it', 'bufsize 600', offering(520), 520],
    ['an offer of less than any client must take', 'bufsize 600', offering(0), 512],
    ['a client without EDNS', 'bufsize 4096', {}, 512],
    ['an offer above what is sent at all', 'bufsize 4096', offering(65_535), bounds.udpMessage],
    ['no number', 'bufsize', offering(4096), 1232],
    ['a client over TCP', 'bufsize 512', { ...offering(4096), client: { protocol: 'tcp' } }, 65_535],
  ])('%s', async (_, lines, options, room) => {
    expect(await roomAfter(lines, options)).toBe(room);
  });

  it('never raises what another block has set for the same query', async () => {
    expect(await roomAfter('bufsize 1400', offering(4096), 700)).toBe(700);
  });

  it('may be replayed: what it changes is the client’s to ask for', async () => {
    expect((await serve(bufsize, 'bufsize')).plugin.replayable).toBe(true);
  });

  it.each([
    ['bufsize 511', 'bufsize must be in range [512, 4096]: 511'],
    ['bufsize 4097', 'bufsize must be in range [512, 4096]: 4097'],
    ['bufsize -1', 'bufsize must be in range [512, 4096]: -1'],
    ['bufsize 1k', "'1k' is not a whole number"],
    ['bufsize 1232 1232', "'bufsize' takes at most 1 argument"],
    ['bufsize {\n  1232\n}', "'bufsize' takes no block"],
    ['bufsize\nbufsize', "'bufsize' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(bufsize, lines), message);
  });
});

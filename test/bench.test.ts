/**
 * What a query costs beside Knot, in a short form: a small cluster, one load of each row, and a failure only where a ratio is
 * more than twice what it must be, which no busy machine explains. `npm run bench` is the long one, with the limits as they
 * are promised.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { measureCosts, ratioOf } from '../bench/costs.ts';
import { Lineup } from '../bench/lineup.ts';
import { type Cores, cleanUp, temporaryFolder, twoCores } from '../bench/processes.ts';
import { mixes } from '../bench/queries.ts';
import { costRows } from '../bench/rows.ts';
import { commands, describeWith } from './e2e/needs.ts';
import { entryPoint } from './e2e/program.ts';
import { TIMED } from './support/timed.ts';

const FAR_OFF = 2;
const size = { services: 200, endpoints: 15 };
const DEADLINE = 60_000;

const cores: Cores | undefined = process.platform === 'linux' ? twoCores() : undefined;
const reason =
  process.platform !== 'linux'
    ? 'it needs /proc of Linux'
    : (commands('dnsperf', 'knotd', 'taskset') ?? (cores === undefined ? 'it needs two cores' : undefined));

describeWith('the cost of a query', reason, () => {
  let lineup: Lineup | undefined;

  beforeAll(() => {
    lineup = new Lineup({ size, folder: temporaryFolder(), cores, program: entryPoint });
  });

  afterAll(async () => {
    await lineup?.stop();
    // What failed to start is not in the line-up.
    cleanUp();
  });

  it.each(costRows)(
    '$name: at most twice what it must be, and every answer right',
    { ...TIMED, timeout: DEADLINE },
    async (row) => {
      if (lineup === undefined) throw new Error('there are no servers');
      const { costs } = await measureCosts(row, lineup, { runs: 1, servers: ['nodens', 'knotd'] });
      const [nodens, knot] = costs;
      if (nodens === undefined || knot === undefined) throw new Error('nothing was measured');
      for (const { loads, asked } of [nodens, knot]) {
        const codes = new Set(loads.flatMap(({ rcodes }) => [...rcodes.keys()]));
        expect([...codes].toSorted()).toEqual(mixes[asked].rcodes);
      }
      expect(nodens.ratios).toHaveLength(1);
      expect(ratioOf(nodens)).toBeLessThan(FAR_OFF * (row.limits?.must ?? NaN));
    },
  );
});

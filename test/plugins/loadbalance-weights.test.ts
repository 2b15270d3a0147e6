/** `loadbalance weighted`: the draw, and a weight file that changes, breaks and vanishes while it is in service. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { fileFact } from '../../src/cluster/facts.ts';
import { Class, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { reply } from '../../src/plugins/answer.ts';
import { loadbalance } from '../../src/plugins/loadbalance/loadbalance.ts';
import { parseWeights } from '../../src/plugins/loadbalance/weights.ts';
import { type Service, type TestHost, ask, makeQuery, next, serve } from './support.ts';

let folder: string;
let path: string;
const running: Service[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nodens-weights-'));
  path = join(folder, 'weights');
});
afterEach(() => {
  for (const service of running.splice(0)) service.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A policy over this content of the file; undefined where there is none. */
async function weighted(content: string | undefined, reload = '20ms', host?: TestHost): Promise<Service> {
  if (content !== undefined) writeFileSync(path, content);
  const lines = `loadbalance weighted weights {\n  reload ${reload}\n}`;
  const service = await serve(loadbalance, lines, { folder, ...(host === undefined ? {} : { host }) });
  running.push(service);
  return service;
}

function set(last: readonly number[], owner = 'web.'): RRset {
  const octets = Uint8Array.from(last.flatMap((one) => [10, 0, 0, one]));
  return { owner: Name.fromText(owner), type: Type.A, class: Class.IN, ttl: 5, kind: 'address', octets };
}

/** The last octets of the addresses, in their order. */
function draw({ plugin }: Service, sets: readonly RRset[] = [set([1, 2, 3])], type = 'A'): readonly number[] {
  const answer = ask(plugin, makeQuery('web.', type), next(reply({ answers: sets })));
  if (answer.kind !== 'reply') return [];
  return answer.answers.flatMap((one) => (one.kind === 'address' ? [...one.octets].filter((_, i) => i % 4 === 3) : []));
}

/** How often each of three addresses came first. */
function firsts(service: Service, sets?: readonly RRset[], draws = 2_000): readonly number[] {
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const [first = 0] = draw(service, sets);
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts.slice(1);
}

const HEAVY = (last: number): string =>
  `web\n${[1, 2, 3].map((one) => `10.0.0.${one} ${one === last ? 255 : 1}`).join('\n')}\n`;

describe('loadbalance weighted', () => {
  it.each([
    ['one RRset', [set([1, 2, 3])]],
    ['an RRset for each', [set([1]), set([2]), set([3])]],
  ])('draws the first address by the weights: %s', async (_, sets) => {
    const service = await weighted('# of the site\nweb\n10.0.0.1 100\n10.0.0.2   50\n\n10.0.0.9 255\n');
    const counts = firsts(service, sets, 3_020);
    // 100, 50 and 1 of 151: 2,000, 1,000 and 20, within six standard deviations.
    expect(Math.abs((counts[0] ?? 0) - 2_000)).toBeLessThan(155);
    expect(Math.abs((counts[1] ?? 0) - 1_000)).toBeLessThan(155);
    expect(counts[2]).toBeLessThan(50);
  });

  it('changes the drawn address with the first; the others keep their places', async () => {
    const service = await weighted('web\n10.0.0.3 255\n');
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) seen.add(draw(service).join());
    for (const order of seen) expect(['1,2,3', '2,1,3', '3,2,1']).toContain(order);
    expect(seen).toContain('3,2,1');
  });

  it('has the weight 1 for all addresses of a name that is not there', async () => {
    const counts = firsts(await weighted('other\n10.0.0.1 255\n'));
    for (const count of counts) expect(Math.abs(count - 667)).toBeLessThan(130);
  });

  it('compares names without regard to case and the final dot', async () => {
    const service = await weighted('WEB.\n10.0.0.2 255\n');
    expect(firsts(service)[1]).toBeGreaterThan(1_800);
  });

  it('leaves answers to other questions and their exchanges alone', async () => {
    const service = await weighted(HEAVY(2));
    for (const type of ['ANY', 'MX', 'TXT']) {
      for (let i = 0; i < 20; i++) expect(draw(service, undefined, type)).toEqual([1, 2, 3]);
    }
    expect(Array.from({ length: 50 }, () => draw(service, undefined, 'SRV')[0])).toContain(2);
  });

  it('says that the answer rests on the file', async () => {
    const service = await weighted(HEAVY(1));
    const query = makeQuery('web.', 'A');
    ask(service.plugin, query, next(reply({ answers: [set([1, 2])] })));
    expect(query.account.facts).toEqual([fileFact(path)]);
  });
});

describe('a weight file in service', () => {
  const failuresOf = ({ host }: Service): number =>
    Number(/^nodens_loadbalance_reload_failures_total\{.*\} (\d+)$/m.exec(host.metrics.render())?.[1] ?? 0);

  it('is looked at again, and what rested on it is out of date', async () => {
    const service = await weighted('web\n10.0.0.1 1\n');
    const query = makeQuery('web.', 'A', { facts: service.host.facts });
    ask(service.plugin, query, next(reply({ answers: [set([1, 2])] })));
    expect(query.account.holds).toBe(true);
    writeFileSync(path, 'web\n10.0.0.2 255\n');
    await vi.waitFor(() => expect(query.account.holds).toBe(false), 5_000);
    expect(firsts(service)[1]).toBeGreaterThan(1_800);
  });

  it.each([
    ['breaks', () => writeFileSync(path, 'web\n10.0.0.1 heavy\n'), "line 2: 'heavy' is no weight"],
    ['vanishes', () => rmSync(path), 'is gone'],
    [
      'becomes a folder',
      () => {
        rmSync(path);
        mkdirSync(path);
      },
      'cannot be read: it is no regular file',
    ],
    ['grows too large', () => truncateSync(path, bounds.weightsText + 1), 'has more than 1048576 octets'],
  ])(
    'that %s leaves the last good weights, with one line and a metric, and is used when it is good again',
    async (_, damage, text) => {
      const service = await weighted('web\n10.0.0.2 255\n');
      damage();
      await vi.waitFor(() => expect(failuresOf(service)).toBe(1), 5_000);
      // Of further looks nothing is heard.
      await delay(300);
      expect(failuresOf(service)).toBe(1);
      expect(firsts(service)[1]).toBeGreaterThan(1_800);
      const lines = service.host.takeLines();
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^\[WARNING\] plugin\/loadbalance: .*\/weights.*; its last good content stays$/);
      expect(lines[0]).toContain(text);
      rmSync(path, { recursive: true, force: true });
      writeFileSync(`${path}.new`, 'web\n10.0.0.3 255\n');
      renameSync(`${path}.new`, path);
      await vi.waitFor(() => expect(firsts(service, undefined, 50)[2]).toBeGreaterThan(30), 5_000);
    },
  );

  it('that is missing from the start is said once, and all weights are 1', async () => {
    const service = await weighted(undefined);
    expect(service.host.takeLines()).toEqual([
      `[WARNING] plugin/loadbalance: ${path} does not exist; all weights are 1`,
    ]);
    expect(failuresOf(service)).toBe(0);
    for (const count of firsts(service)) expect(Math.abs(count - 667)).toBeLessThan(130);
  });

  it('is kept over a reload of the Corefile, broken or not', async () => {
    const first = await weighted('web\n10.0.0.2 255\n', '1h');
    writeFileSync(path, 'nonsense nonsense nonsense\n');
    const second = await weighted(undefined, '1h', first.host);
    first.close();
    expect(firsts(second)[1]).toBeGreaterThan(1_800);
  });

  it('whose text is the same over a reload of the Corefile leaves what rested on it', async () => {
    const first = await weighted('web\n10.0.0.2 255\n', '1h');
    const query = makeQuery('web.', 'A', { facts: first.host.facts });
    ask(first.plugin, query, next(reply({ answers: [set([1, 2])] })));
    const second = await weighted('web\n10.0.0.2 255\n', '1h', first.host);
    expect(query.account.holds).toBe(true);
    writeFileSync(path, 'web\n10.0.0.3 255\n');
    await vi.waitFor(() => expect(firsts(second, undefined, 50)[2]).toBeGreaterThan(30), 5_000);
    expect(query.account.holds).toBe(false);
  });

  it('that changes is seen at once, however long the interval is', async () => {
    const service = await weighted('web\n10.0.0.2 255\n', '1h');
    writeFileSync(path, 'web\n10.0.0.3 255\n');
    await vi.waitFor(() => expect(firsts(service, undefined, 50)[2]).toBeGreaterThan(30), 5_000);
  });

  it('that is a pipe nobody writes to holds nothing up', async () => {
    spawnSync('mkfifo', [path]);
    const service = await weighted(undefined);
    expect(service.host.takeLines()).toEqual([
      `[WARNING] plugin/loadbalance: ${path} cannot be read: it is no regular file; all weights are 1`,
    ]);
  });

  it('is looked at no more with reload 0', async () => {
    const service = await weighted('web\n10.0.0.2 255\n', '0s');
    const other = await weighted(undefined, '20ms');
    writeFileSync(path, 'web\n10.0.0.3 255\n');
    await vi.waitFor(() => expect(firsts(other, undefined, 50)[2]).toBeGreaterThan(30), 5_000);
    expect(firsts(service)[1]).toBeGreaterThan(1_800);
  });
});

describe('the text of a weight file', () => {
  it.each([
    ['web\n10.0.0.1\n', "line 2: no weight follows the address '10.0.0.1'"],
    ['\n\na..b\n', "line 3: 'a..b' is no name"],
    ['web\nhome 5\n', "line 2: 'home' is no address"],
    ['web\n10.0.0.1 0\n', "line 2: '0' is no weight: a whole number from 1 to 255"],
    ['web\n10.0.0.1 256\n', "line 2: '256' is no weight"],
    ['web\n10.0.0.1 -1\n', "line 2: '-1' is no weight"],
    ['10.0.0.1 5\n', 'line 1: an address stands before the first name'],
    ['web\n10.0.0.1 5 6\n', 'line 2: a line is a name, or an address and its weight'],
    ['web\n\u001b[31mx 5\n', "line 2: '\uFFFD[31mx' is no address"],
  ])('%j is refused', (text, message) => {
    expect(parseWeights(text)).toContain(message);
  });

  it('may have comments, empty lines, line ends of any system, and a name twice', () => {
    const weights = parseWeights('# all\r\nweb\r\n 10.0.0.1\t1\r\n\r\nother\r\n::1 255\r\nweb\r\n10.0.0.2 2\r\n');
    if (typeof weights === 'string') throw new Error(weights);
    expect([...weights].map(([name, of]) => [name.length > 0, [...of.values()]])).toEqual([
      [true, [1, 2]],
      [true, [255]],
    ]);
  });
});

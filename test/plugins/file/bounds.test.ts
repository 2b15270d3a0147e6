/** What a zone file may not grow beyond, with small bounds; and that a large one keeps nobody waiting. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it, vi } from 'vitest';
import type * as Table from '../../../src/bounds.ts';
import { ask, makeQuery, textOf } from '../support.ts';
import { useFolder } from './zones.ts';

vi.mock('../../../src/bounds.ts', async (original) => {
  const { bounds } = await original<typeof Table>();
  const small = {
    zoneText: 4_000_000,
    zoneEntry: 1_000,
    zoneRecords: 100_010,
    zonePerName: 10,
    zoneNames: 100_020,
    zoneIncludes: 3,
    zoneGenerated: 20,
  };
  return { bounds: { ...bounds, ...small } };
});

const folder = useFolder();
const HEAD = '@ 60 SOA ns h 1 2 3 4 5\n';

async function refusal(text: string): Promise<string> {
  const said = await folder.zone(text).then(
    () => 'it was served',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return said.replaceAll(`${folder.path('')}/`, '').replace('plugin/file: ', '');
}

it('zoneText: what is larger is not served', async () => {
  folder.write('more', `; ${'x'.repeat(97)}\n`.repeat(39_999));
  expect(await refusal(`${HEAD}$INCLUDE more\n`)).toBe('it was served');
  expect(await refusal(`${HEAD}$INCLUDE more\n; ${'x'.repeat(97)}\n`)).toBe(
    'db cannot be read: it has more than 4000000 octets with all that it includes',
  );
});

it('zoneEntry: an entry that is longer is an error', async () => {
  expect(await refusal(`${HEAD}a TXT ${'x '.repeat(490)}\n`)).toBe('it was served');
  expect(await refusal(`${HEAD}\na TXT ${'x '.repeat(4000)}`)).toMatch(/^db:3:1: an entry of more than 1000 octets; /);
  expect(await refusal(`${HEAD}a TXT (\n${'b A 192.0.2.1\n'.repeat(8000)}`)).toMatch(
    /^db:2:7: a '\(' without its '\)'/,
  );
});

it('zoneRecords: a zone with more is not served', async () => {
  const text = Array.from({ length: 100_010 }, (_, i) => `a${i % 50_000} TXT ${i}\n`).join('');
  expect(await refusal(HEAD + text)).toMatch(/^db cannot be read: it has more than 100010 records/);
}, 30_000);

it('zonePerName: a zone with more of one name is not served', async () => {
  const lines = Array.from({ length: 11 }, (_, i) => `a A 192.0.2.${i}\n`);
  expect(await refusal(HEAD + lines.slice(1).join(''))).toBe('it was served');
  expect(await refusal(HEAD + lines.join(''))).toMatch(/^db cannot be read: .*, 10 of one name/);
});

it('zoneNames: a zone with more is not served', async () => {
  const text = Array.from({ length: 1_000 }, (_, i) => `${'a.'.repeat(100)}b${i} A 192.0.2.1\n`).join('');
  expect(await refusal(HEAD + text)).toMatch(/^db cannot be read: .* or 100020 names$/);
});

it('zoneIncludes: a file that includes itself ends there', async () => {
  expect(await refusal(`${HEAD}$INCLUDE db\n`)).toBe('db:2:10: more than 3 files are included; expected fewer files');
});

it('zoneText: what $GENERATE makes counts too, before any of it is made', async () => {
  const long = `"${'x'.repeat(200)}" `.repeat(4);
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, i) => `$GENERATE 1-20 a${i}-$ TXT ${long}\n`).join('');
  expect(await refusal(HEAD + lines(200))).toBe('it was served');
  expect(await refusal(HEAD + lines(300))).toBe(
    'db cannot be read: it has more than 4000000 octets with all that it includes',
  );
});

it('zoneGenerated: a line that makes more is an error', async () => {
  expect(await refusal(`${HEAD}$GENERATE 1-40/2 a$ A 192.0.2.$\n`)).toBe('it was served');
  expect(await refusal(`${HEAD}$GENERATE 1-21 a$ A 192.0.2.$\n`)).toBe(
    'db:2:11: a range of 21 numbers; expected at most 20',
  );
});

it('100,000 records are read in many short turns, and all of them are there', async () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `h${i} 5 IN A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`);
  folder.write('db', HEAD + text.join(''));
  const delays = monitorEventLoopDelay({ resolution: 1 });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  delays.enable();
  const service = await folder.serve('file db example.test');
  delays.disable();
  clearInterval(timer);
  expect(turns).toBeGreaterThan(50);
  // Half of the turns are far shorter than what a client would notice, on a busy machine too.
  expect(delays.percentile(50) / 1e6).toBeLessThan(20);
  expect(textOf(ask(service.plugin, makeQuery('h99999.example.test.', 'A')))).toMatchObject({
    answers: ['h99999.example.test. 5 IN A 10.1.134.159'],
  });
}, 30_000);

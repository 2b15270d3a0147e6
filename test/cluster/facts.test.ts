/** Facts: nothing that an answer rested on can change unseen. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { checkFacts, loadModules } from './facts-property.ts';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const copies: string[] = [];

afterAll(() => {
  for (const copy of copies) rmSync(copy, { recursive: true });
});

/** Every place at which a fact is noted, and so could be forgotten. */
const notes = [
  'cluster/state.ts',
  'cluster/imports.ts',
  'plugins/kubernetes/zone.ts',
  'plugins/k8s_external/zone.ts',
].flatMap((file) =>
  readFileSync(join(source, file), 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.includes('asker.dependsOn(') ? [{ file, index, line: line.trim() }] : [])),
);

describe('facts', () => {
  it('an answer that a change makes different rested on a fact that changed', async () => {
    await checkFacts(await loadModules(source), { runs: 2_000, seed: 1 });
  }, 60_000);

  it('every note is in one of the files that the next test takes them out of', () => {
    expect(notes.length).toBeGreaterThanOrEqual(13);
  });

  it.each(notes)(
    'the property fails without $line ($file)',
    async ({ file, index }) => {
      const copy = mkdtempSync(join(tmpdir(), 'nodens-facts-'));
      copies.push(copy);
      cpSync(source, copy, { recursive: true });
      const path = join(copy, file);
      const lines = readFileSync(path, 'utf8').split('\n');
      writeFileSync(path, lines.toSpliced(index, 1, '').join('\n'));
      const modules = await loadModules(copy);
      await expect(checkFacts(modules, { runs: 20_000, seed: 1 })).rejects.toThrow(/no fact that it rested on did/);
    },
    120_000,
  );
});

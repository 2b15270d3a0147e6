/** What `nodens check` says of the Corefiles of distributions, word for word as they are: nothing to worry about. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { parseCommandLine } from '../../src/commands/arguments.ts';
import { makeFolder } from '../server/running.ts';
import { customFiles, environment, read } from './serving.ts';
import { names } from './stock.ts';

/** The exit status and what is printed, of a Corefile in a folder of its own. */
async function checked(
  name: string,
  custom?: string,
): Promise<{ readonly status: number; readonly lines: readonly string[] }> {
  const folder = makeFolder();
  writeFileSync(join(folder, 'Corefile'), read(name));
  mkdirSync(join(folder, 'custom'));
  for (const [file, text] of Object.entries(custom === undefined ? {} : customFiles(custom))) {
    writeFileSync(join(folder, 'custom', file), text);
  }
  const line = parseCommandLine(['check', '-conf', join(folder, 'Corefile')]);
  if (!('flags' in line)) throw new Error('check is not understood');
  const lines: string[] = [];
  return { status: await check(line.flags, (text) => lines.push(text)), lines };
}

describe('check', () => {
  it.each(names)('finds nothing wrong with %s', async (name) => {
    vi.stubEnv('POD_IP', environment.POD_IP);
    const { status, lines } = await checked(name);
    vi.unstubAllEnvs();
    expect(lines.filter((line) => !/: note: (no files match import pattern|\S+ does not exist)/.test(line))).toEqual([
      expect.stringMatching(/^nothing is wrong/),
    ]);
    expect(status).toBe(0);
  });

  it.each(['aks', 'gardener'])('finds nothing wrong with %s and files in its custom folder', async (name) => {
    expect(await checked(name, name)).toEqual({ status: 0, lines: ['nothing is wrong'] });
  });

  it('says which variable is missing where a Corefile takes its address from one', async () => {
    vi.stubEnv('POD_IP', undefined);
    const { status, lines } = await checked('cce');
    vi.unstubAllEnvs();
    expect(lines[0]).toContain("the environment variable 'POD_IP' is not set");
    expect(status).toBe(1);
  });
});

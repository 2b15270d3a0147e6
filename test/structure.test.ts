/** The structure of src/: imports point one way, and each room says what it is for. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** What each room may import beside itself; files of src/ itself are the room of their own name. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  main: ['commands', 'signals'],
  commands: ['server', 'plugins', 'cluster', 'corefile', 'telemetry', 'transport', 'native', 'signals', 'version'],
  server: ['plugins', 'cluster', 'dns', 'corefile', 'telemetry', 'transport', 'bounds', 'settling', 'node-modules'],
  plugins: ['cluster', 'dns', 'corefile', 'telemetry', 'bounds', 'settling', 'turns', 'version'],
  cluster: ['dns', 'bounds', 'settling', 'node-modules'],
  transport: ['dns', 'native', 'bounds', 'turns', 'node-modules'],
  corefile: ['bounds'],
  telemetry: ['bounds', 'resident-memory'],
  dns: [],
  native: ['resident-memory'],
  bounds: [],
  'node-modules': [],
  settling: [],
  'resident-memory': [],
  signals: [],
  turns: [],
  version: [],
};

const files = globSync('**/*.ts', { cwd: source });

function roomOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

/** Relative imports of a file, as paths below src/. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const targets = [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  return targets.map((target) => relative(source, join(source, dirname(file), target)));
}

describe('structure', () => {
  it.each(files)('%s imports only what its room may', (file) => {
    const room = roomOf(file);
    const may = allowed[room];
    expect(may, `the room of ${file} is not in the table`).toBeDefined();
    const wrong = importsOf(file).filter((target) => roomOf(target) !== room && may?.includes(roomOf(target)) !== true);
    expect(wrong).toEqual([]);
  });

  it.each([
    'commands/commands.ts',
    'server/server.ts',
    'plugins/plugin.ts',
    'cluster/cluster.ts',
    'cluster/fixture/fixture.ts',
    'corefile/corefile.ts',
    'dns/message.ts',
    'transport/transport.ts',
    'telemetry/logger.ts',
    'native/native.ts',
  ])('%s opens by saying what it is for', (file) => {
    expect(readFileSync(join(source, file), 'utf8')).toMatch(/^\/\*\*\n \* \S/);
  });

  it('each directive has its manual page beside it', () => {
    const folders = globSync('plugins/*/', { cwd: source });
    expect(folders.length).toBeGreaterThan(0);
    expect(folders.filter((folder) => !existsSync(join(source, folder, 'README.md')))).toEqual([]);
  });
});

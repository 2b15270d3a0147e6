import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSmallFile } from '../../src/plugins/small-file.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'small-file-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe('readSmallFile', () => {
  it('reads what is there, up to its limit', () => {
    const path = join(folder(), 'file');
    writeFileSync(path, 'née');
    expect(readSmallFile(path, 4)).toEqual({ kind: 'text', text: 'née' });
    expect(readSmallFile(path, 3)).toEqual({ kind: 'none', trouble: 'has more than 3 octets' });
  });

  it('waits for nobody to write to a pipe, and reads no device', () => {
    const pipe = join(folder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    // A process of its own, as it could not be ended otherwise: the file is read in one go.
    const module = new URL('../../src/plugins/small-file.ts', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then((m) => console.log(m.readSmallFile(process.argv[1], 10).trouble))`;
    const said = execFileSync(process.execPath, ['-e', script, pipe], { timeout: 10_000, encoding: 'utf8' });
    expect(said).toBe('is no regular file\n');
    expect(readSmallFile('/dev/zero', 10)).toEqual({ kind: 'none', trouble: 'is no regular file' });
  });

  it('says that there is none', () => {
    expect(readSmallFile(join(folder(), 'file'), 10)).toEqual({ kind: 'none', trouble: 'does not exist' });
  });
});

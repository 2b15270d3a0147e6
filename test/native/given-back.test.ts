/** Which memory is given back: what can be read from the program's file again, and nothing else. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nativeSupport } from '../../src/native/native.ts';
import { cleanMappings } from '../../src/native/given-back.ts';
import { describeWith } from '../e2e/needs.ts';

/** A mapping as proc_pid_smaps(5) has it, with the fields that matter. */
function mapping(range: string, rights: string, path: string, anonymous: number): string {
  return `${range} ${rights} 00001000 fd:00 123456                     ${path}
Size:              45420 kB
Rss:               16148 kB
Private_Dirty:         ${anonymous} kB
Anonymous:             ${anonymous} kB
AnonHugePages:         0 kB
VmFlags: rd ex mr mw me
`;
}

const NODE = '/usr/local/bin/node';
const CODE = mapping('0082e000-03489000', 'r-xp', NODE, 0);

describe('what can be read from the file again', () => {
  it('is code and constants', () => {
    const constants = mapping('7f570fdc0000-7f570ffd5000', 'r--p', NODE, 0);
    expect(cleanMappings(CODE + constants, NODE)).toEqual([
      { begin: 0x82e000n, end: 0x3489000n },
      { begin: 0x7f570fdc0000n, end: 0x7f570ffd5000n },
    ]);
  });

  it.each([
    ['what may be written to', mapping('0082e000-03489000', 'rw-p', NODE, 0)],
    ['what the linker has written to', mapping('0082e000-03489000', 'r--p', NODE, 4)],
    ['another file', mapping('0082e000-03489000', 'r-xp', '/usr/lib/libc.so.6', 0)],
    ['a file whose name begins alike', mapping('0082e000-03489000', 'r-xp', `${NODE} (deleted)`, 0)],
    ['memory of no file', mapping('0082e000-03489000', 'r-xp', '', 0)],
    ['a heap', mapping('0082e000-03489000', 'rw-p', '[heap]', 2132)],
    ['shared memory', mapping('0082e000-03489000', 'r--s', NODE, 0)],
    ['what is no list of mappings', 'Anonymous:             0 kB\n'],
  ])('is not %s', (_, text) => {
    expect(cleanMappings(text, NODE)).toEqual([]);
    expect(cleanMappings(text + CODE + text, NODE)).toHaveLength(1);
  });
});

const support = nativeSupport();
const MODULE = JSON.stringify(fileURLToPath(new URL('../../src/native/given-back.ts', import.meta.url)));

/** What a script prints that has `giveBackMemory`, as numbers. */
function said(script: string): readonly number[] {
  const text = `import { giveBackMemory } from ${MODULE};\n${script}`;
  return execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', text], { encoding: 'utf8' })
    .split(' ')
    .map(Number);
}

describeWith('a program', support.kind === 'absent' ? support.why : undefined, () => {
  it('has less of itself in memory when it has been given back, and goes on', () => {
    const [looks, before = NaN, after, used = NaN, last] = said(`
      import { readFileSync } from 'node:fs';
      const mapped = () => Number(/^RssFile:\\s*(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
      let looks = 0;
      giveBackMemory(() => { looks++; return looks === 2; }, { look: 20, program: 150, heap: 150 });
      const before = mapped();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const after = mapped();
      // Something that has not been used before, and is not used again.
      new Intl.DateTimeFormat('ja').format(); new Intl.Collator('de').compare('a', 'b'); eval('class A {}');
      const used = mapped();
      await new Promise((resolve) => setTimeout(resolve, 200));
      console.log(looks, before, after, used, mapped());`);
    expect(looks).toBe(2);
    expect(after).toBeLessThan(before * 0.8);
    expect(last).toBeLessThan(used);
  });

  it('has no more than it uses soon after it has grown, though it is not yet time', () => {
    const [grown = NaN, freed = NaN, last] = said(`
      const resident = () => process.memoryUsage.rss() / 1024 / 1024;
      giveBackMemory(() => true, { look: 100, program: 1e6, heap: 1e6 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      let pieces = Array.from({ length: 3_000 }, () => new Uint8Array(20_000).fill(1));
      const grown = resident();
      // The last one stays, so that nothing ends with what is free.
      pieces = pieces.slice(-1);
      gc();
      const freed = resident();
      await new Promise((resolve) => setTimeout(resolve, 500));
      console.log(grown, freed, resident(), pieces.length);`);
    expect(grown - freed).toBeLessThan(20);
    expect(last).toBeLessThan(grown - 40);
  });

  it('goes on where the system does not say how much it has, as without a file descriptor left', () => {
    const [looks = NaN, status] = said(`
      let looks = 0;
      process.memoryUsage.rss = () => { looks++; throw new Error('EMFILE: too many open files, uv_resident_set_memory'); };
      giveBackMemory(() => true, { look: 20, program: 1e6, heap: 20 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      console.log(looks, 0);`);
    expect(looks).toBeGreaterThan(1);
    expect(status).toBe(0);
  });
});

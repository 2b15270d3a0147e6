/** `file` in a Corefile: what is said about a directive that is wrong. */
import { describe, expect, it } from 'vitest';
import { file } from '../../../src/plugins/file/file.ts';
import { expectProblem } from '../problems.ts';
import { problemsOf } from '../support.ts';

describe('file in a Corefile', () => {
  it.each([
    ['file', "Corefile:2:1: 'file' needs an argument", 'expected: file DBFILE [ZONES…]'],
    ['file ""', 'Corefile:2:6: the name of the file is empty', 'expected: file DBFILE [ZONES…]'],
    ['file db a..b', 'Corefile:2:9: ', 'a..b'],
    ['file db {\n  relaod 5s\n}', "Corefile:3:3: unknown option of 'file' 'relaod'", "did you mean 'reload'?"],
    ['file db {\n  reload\n}', "'reload' needs an argument", 'expected: reload DURATION'],
    ['file db {\n  reload 60\n}', "'60' is not a duration", "did you mean '60s'?"],
    ['file db {\n  reload 30d\n}', "'30d' is not a duration", 'expected: a duration'],
    ['file db {\n  reload 1000h\n}', 'the duration 1000h is out of range', 'expected: from 0s to 576h'],
    ['file db {\n  reload 1s\n  reload 2s\n}', "Corefile:4:3: 'reload' stands there twice", "expected: one 'reload'"],
    ['file db {\n  reload_by_mtime yes\n}', "'reload_by_mtime' takes no arguments", 'expected: reload_by_mtime'],
    ['file db {\n  fallthrough {\n  x\n  }\n}', "'fallthrough' takes no block", "no '{' on this line"],
    [
      'file a x.test\nfile b y.test x.test',
      'Corefile:3:1: the zone x.test. has a file already, at Corefile:2:1',
      'expected: one file for each zone',
    ],
  ])('%s', (lines, message, hint) => {
    expectProblem(problemsOf(file, lines), message, hint);
  });

  it('zones that are outside of those of the block', () => {
    const of = (line: string): readonly string[] => problemsOf(file, line, { zones: ['example.org'] });
    expectProblem(
      of('file db other.org'),
      "2:9: warning: no query comes so far: 'other.org' is outside of 'example.org'",
    );
    expect(of('file db a.example.org')).toEqual([]);
    expect(of('file db')).toEqual([]);
  });

  it("takes a line 'upstream' of old files with a warning", () => {
    expect(problemsOf(file, 'file db {\n  upstream 8.8.8.8\n}')).toEqual([
      expect.stringContaining("warning: 'upstream' has no effect"),
    ]);
  });
});

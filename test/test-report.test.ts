/** What one or two runs of the tests come to: nothing that failed may get lost in the counting. */
import { expect, it } from 'vitest';
import { type FileResult, type Report, countTests, failedFiles } from '../tools/test-report.ts';

const file = (name: string, tests: Readonly<Record<string, string>>, status?: string): FileResult => ({
  name,
  status: status ?? (Object.values(tests).includes('failed') ? 'failed' : 'passed'),
  assertionResults: Object.entries(tests).map(([fullName, each]) => ({ fullName, status: each })),
});
const report = (...testResults: readonly FileResult[]): Report => ({ testResults });

const FIRST = report(
  file('a.test.ts', { one: 'passed', two: 'failed', three: 'failed', four: 'pending' }),
  file('b.test.ts', { one: 'passed', two: 'todo' }),
  file('c.test.ts', {}, 'failed'),
);

it('counts tests, and files that could not be collected', () => {
  expect(countTests(FIRST, undefined)).toEqual({ passed: 2, skipped: 2, failed: 3, unsteady: [] });
  expect(failedFiles(FIRST)).toEqual(['a.test.ts', 'c.test.ts']);
});

it('takes files of the second run in the place of those of the first, and names what passed only then', () => {
  const second = report(
    file('a.test.ts', { one: 'failed', two: 'passed', three: 'failed', four: 'pending' }),
    file('c.test.ts', { one: 'passed' }),
  );
  expect(countTests(FIRST, second)).toEqual({ passed: 3, skipped: 2, failed: 2, unsteady: ['a.test.ts: two'] });
});

it('goes by the first run where the second has nothing about a file', () => {
  expect(countTests(FIRST, report()).failed).toBe(3);
});

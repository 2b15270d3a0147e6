/**
 * What the JSON reports of one or two runs of the tests come to, for `.ci/run`:
 *
 *     node tools/test-report.ts failed FIRST            the test files that failed, a line each
 *     node tools/test-report.ts count FIRST [SECOND]    'PASSED SKIPPED FAILED', where files of the second run take the
 *                                                       place of the same ones of the first; tests that only passed the
 *                                                       second time are named on standard error
 */
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Of vitest's JSON reporter, as much as is read here. */
export interface Report {
  readonly testResults: readonly FileResult[];
}

export interface FileResult {
  /** The path. */
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}

export interface Counts {
  readonly passed: number;
  readonly skipped: number;
  /** Tests, and files whose tests could not even be collected. */
  readonly failed: number;
  /** Tests that failed the first time and passed the second. */
  readonly unsteady: readonly string[];
}

export function failedFiles({ testResults }: Report): readonly string[] {
  return testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
}

/** @param second of the files that were run again; undefined where none was */
export function countTests(first: Report, second: Report | undefined): Counts {
  const again = new Map(second?.testResults.map((file) => [file.name, file]));
  let [passed, skipped, failed] = [0, 0, 0];
  const unsteady: string[] = [];
  for (const before of first.testResults) {
    const file = again.get(before.name) ?? before;
    const statuses = new Map(file.assertionResults.map((test) => [test.fullName, test.status]));
    const broken = failedTests(file).length;
    failed += broken === 0 && file.status === 'failed' ? 1 : broken;
    passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    skipped += file.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed').length;
    if (file === before) continue;
    const repaired = failedTests(before).filter(({ fullName }) => statuses.get(fullName) === 'passed');
    unsteady.push(...repaired.map(({ fullName }) => `${file.name}: ${fullName}`));
  }
  return { passed, skipped, failed, unsteady };
}

const failedTests = ({ assertionResults }: FileResult): FileResult['assertionResults'] =>
  assertionResults.filter(({ status }) => status === 'failed');

function read(path: string): Report {
  const report: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isReport(report)) throw new Error(`${path} is no report of vitest`);
  return report;
}

const isReport = (value: unknown): value is Report =>
  typeof value === 'object' && value !== null && 'testResults' in value && Array.isArray(value.testResults);

function main([command, path, again]: readonly string[]): void {
  if (path === undefined) throw new Error('which report?');
  if (command === 'failed') {
    for (const file of failedFiles(read(path))) console.log(file);
    return;
  }
  // A second run that was given up leaves no report.
  const second = again !== undefined && existsSync(again) ? read(again) : undefined;
  const { passed, skipped, failed, unsteady } = countTests(read(path), second);
  for (const name of unsteady) console.error(`passed only the second time: ${name}`);
  console.log(passed, skipped, failed);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));

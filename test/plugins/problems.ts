/** What is wrong with a directive, as tests say it: apart from `support.ts`, which runs outside of vitest too. */
import { expect } from 'vitest';
import type { PluginDirective } from '../../src/plugins/plugin.ts';
import { problemsOf } from './support.ts';

/** That there is one problem and no other, and that each part stands in it: of its place, its message, its hint. */
export function expectProblem(problems: readonly string[], ...parts: readonly (string | RegExp)[]): void {
  expect(problems).toHaveLength(1);
  for (const part of parts) expect(problems[0]).toMatch(part);
}

/** Each problem as `MESSAGE | HINT`: its first line without the place, and its last. */
export function summariesOf(directive: PluginDirective, lines: string): readonly string[] {
  return problemsOf(directive, lines).map((problem) => {
    const [first = '', ...rest] = problem.split('\n');
    return `${first.replace(/^Corefile:\d+:\d+: /, '')} | ${rest.at(-1)?.trim() ?? ''}`;
  });
}

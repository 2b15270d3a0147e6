/** The program as one test needs it: started, and gone when the test has ended. */
import { onTestFinished } from 'vitest';
import { Program, type ProgramOptions } from './program.ts';

export function started(args: readonly string[], options: ProgramOptions = {}): Program {
  const program = new Program(args, options);
  onTestFinished(() => program.kill());
  return program;
}

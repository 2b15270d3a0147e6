/**
 * commands/: what a person types, one file for each command. What enters here reads arguments, chooses a configuration
 * and prints; it serves nothing itself.
 *
 *     arguments ──parse──► command line ──► serve | check | print-config | -version …  ──► exit status
 */
import { directives } from '../plugins/order.ts';
import { messageOf } from '../server/message-of.ts';
import { version } from '../version.ts';
import { parseCommandLine } from './arguments.ts';
import { chooseConfiguration, corefileText } from './configuration.ts';
import { helpText } from './help.ts';
import { serve } from './serve.ts';

/** Resolves with the exit status when the command has ended. Whatever goes wrong is printed, never thrown. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await runCommand(args);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function runCommand(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(args);
  switch (line.command) {
    case 'serve':
      return serve(line.flags);
    case 'check': {
      const { check } = await import('./check.ts');
      return check(line.flags, print);
    }
    case 'print-config':
      process.stdout.write(corefileText(chooseConfiguration(line.flags, process.env).source));
      return 0;
    case 'version':
      print(`Nodens-${version}`);
      return 0;
    case 'plugins':
      for (const { name } of directives) print(name);
      return 0;
    case 'help':
      process.stdout.write(helpText);
      return 0;
    case 'wrong':
      process.stderr.write(`${line.message}\n`);
      return 1;
  }
}

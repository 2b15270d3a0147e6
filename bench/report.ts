/** What a run says: printed as it goes, and kept in results.md where that is asked for. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled } from './processes.ts';

const file = fileURLToPath(new URL('results.md', import.meta.url));

/** How the peers are asked for their version. */
const peers = { knotd: '--version', unbound: '-V', coredns: '-version', dnsperf: '-h' } as const;

export class Report {
  #text = '';

  say(text: string): void {
    process.stdout.write(`${text}\n`);
    this.#text += `${text}\n`;
  }

  /**
   * Replaces results.md with all that was said.
   * @param args of the command line
   */
  write(args: readonly string[]): void {
    // Where this machine keeps a program is nobody else's concern.
    const command = ['npm run bench --', ...args.map((arg) => (isAbsolute(arg) ? basename(arg) : arg))].join(' ');
    const date = new Date().toISOString().slice(0, 10);
    writeFileSync(
      file,
      `# The last full run\n\n${date}, \`${command}\`; [README.md](README.md) says what is measured and what the figures are not.\n\n` +
        `\`\`\`text\n${this.#text.trim()}\n\`\`\`\n`,
    );
  }
}

/** The processor, Node, the kernel, and the programs that take part, in one line each. */
export function describeMachine(): string {
  const processor = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`;
  const node = `Node ${process.versions.node}, Linux ${release()}`;
  const versions = Object.entries(peers).map(([command, flag]) =>
    isInstalled(command) ? `${command} ${versionOf(command, flag)}` : `${command} is not installed`,
  );
  return [processor, node, versions.join(', ')].join('\n');
}

/** The first number with a point in it that a program prints of itself. */
function versionOf(command: string, flag: string): string {
  const { stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8', timeout: 10_000 });
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'of unknown version';
}

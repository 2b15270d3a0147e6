/**
 * The real program as a process, for tests: started with arguments, watched through what it prints, asked over its
 * sockets, ended by signals. Every wait is for an event and has a deadline.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { udpFlags } from '../support/udp.ts';
import { reply } from './ask.ts';

/** Milliseconds that anything may take, on a machine that has other things to do. */
const DEADLINE = 15_000;

export const checkout = fileURLToPath(new URL('../../', import.meta.url));
export const entryPoint = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface ProgramOptions {
  /** The working directory; the checkout where it is left out. */
  readonly cwd?: string;
  /** Set in the environment, or taken out of it where undefined. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Text on standard input; without it standard input is empty. */
  readonly stdin?: string;
  /** The module to run in place of src/main.ts. */
  readonly program?: string;
  /** A command that runs the program: its words stand before `node`. */
  readonly within?: readonly string[];
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The flag stands behind the command, where there is one. */
function withUdp(args: readonly string[]): readonly string[] {
  const [first = ''] = args;
  return /^[a-z]/.test(first) ? [first, ...udpFlags, ...args.slice(1)] : [...udpFlags, ...args];
}

export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #over: Ending | null = null;
  #failure: string | undefined;

  /** Starts `node src/main.ts ARGS…`. End it with `kill()`, whatever happens. */
  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const node = [process.execPath, options.program ?? entryPoint];
    const [command = process.execPath, ...words] = [...(options.within ?? []), ...node, ...withUdp(args)];
    this.#child = spawn(command, words, {
      cwd: options.cwd ?? checkout,
      env: { ...process.env, ...options.environment },
      stdio: 'pipe',
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdin.end(options.stdin ?? '');
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#changed();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#changed();
    });
    this.#child.once('error', (error) => {
      this.#failure = error.message;
      this.#changed();
    });
    this.#child.once('close', (code, signal) => {
      this.#over = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
      this.#changed();
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the program did not start');
    return pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the first match in what was printed on standard output from character `from` on. */
  printed(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.#stdout.slice(from)), `${pattern} on standard output`);
  }

  /** Resolves with the port of the first zone of the start text; all sockets are open then. */
  async port(): Promise<number> {
    const match = await this.printed(/^\S*:(\d+)(?: on \S+)?\n/m);
    return Number(match[1]);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when the process has ended and everything that it printed has arrived. */
  ended(): Promise<Ending> {
    return this.#until(() => this.#over, 'the end of the program');
  }

  /** Ends it without asking, and resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended();
  }

  /** Resolves with what `look` gives as soon as that is something; it is called whenever something has happened. */
  async #until<T>(look: () => T | null, what: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const fail = (why: string): void =>
      reject(new Error(`${why} while waiting for ${what}\nstdout: ${this.#stdout}\nstderr: ${this.#stderr}`));
    const watch = (): void => {
      const found = look();
      if (found !== null) resolve(found);
      else if (this.#failure !== undefined) fail(this.#failure);
      else if (this.#over !== null) fail('the program has ended');
    };
    const timer = setTimeout(() => fail('the deadline has passed'), DEADLINE);
    this.#watchers.add(watch);
    watch();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(watch);
    }
  }

  #changed(): void {
    for (const watch of this.#watchers) watch();
  }
}

/** Runs the program to its end. */
export async function run(args: readonly string[], options: ProgramOptions = {}): Promise<Ending> {
  const program = new Program(args, options);
  try {
    return await program.ended();
  } finally {
    await program.kill();
  }
}

/** Resolves when a server answers anything at all at this port, over UDP. */
export async function untilAnswering(port: number, address = '127.0.0.1'): Promise<void> {
  await reply(port, { name: 'localhost', type: 'A' }, { address, deadline: DEADLINE });
}

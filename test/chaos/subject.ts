/**
 * The program that the campaign is about: started on the proxy, stopped or killed, started again with its snapshot or without.
 * It tells the judge what each start may rest on.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ending, Program } from '../e2e/program.ts';
import { type Delivery, isComplete } from './delivery.ts';
import { OUTSIDE } from './expected.ts';
import { NOWHERE, type Places } from './history.ts';
import type { Judge } from './judge.ts';

export interface SubjectOptions {
  /** Where it answers. */
  readonly port: number;
  /** Where it finds the API server. */
  readonly apiPort: number;
  /** What is run in place of src/main.ts. */
  readonly file: string | undefined;
  readonly delivery: Delivery;
  readonly judge: Judge;
}

export class Subject {
  readonly #options: SubjectOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'nodens-chaos-'));
  #program: Program | undefined;
  /** What the snapshot has at least; undefined while that is not known. */
  #kept: Places | undefined;
  #isClosed = false;

  constructor(options: SubjectOptions) {
    this.#options = options;
    writeFileSync(join(this.#folder, 'Corefile'), corefileText(options.apiPort, this.#snapshot));
  }

  get #snapshot(): string {
    return join(this.#folder, 'snapshot');
  }

  /** What it has printed. */
  get log(): string {
    return this.#program === undefined ? '' : this.#program.stdout + this.#program.stderr;
  }

  /** Resolves when it answers. @param places what the cluster is now */
  async start(places: Places): Promise<void> {
    const { delivery, file, judge, port } = this.#options;
    delivery.reset();
    judge.restarted(places, existsSync(this.#snapshot) ? (this.#kept ?? NOWHERE) : undefined);
    if (this.#isClosed) return;
    const words = ['-conf', join(this.#folder, 'Corefile'), '-dns.port', String(port), '--bind', '127.0.0.1'];
    this.#program = new Program(words, {
      ...(file === undefined ? {} : { program: file }),
      environment: { KUBERNETES_SERVICE_HOST: undefined },
    });
    await this.#program.port();
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ending | undefined> {
    const places = this.#options.delivery.places();
    this.#program?.signal(signal);
    const ending = await this.#program?.ended();
    // Whoever has listed everything keeps it at the end.
    if (signal === 'SIGTERM' && isComplete(places)) this.#kept = places;
    return ending;
  }

  /** The program will find no snapshot. */
  forget(): void {
    rmSync(this.#snapshot, { force: true });
    this.#kept = undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#program?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function corefileText(apiPort: number, snapshot: string): string {
  return `. {
    kubernetes cluster.local {
        endpoint http://127.0.0.1:${apiPort}
        snapshot ${snapshot}
        startup_timeout 1s
    }
    template IN A example.com {
        answer "{{ .Name }} 5 IN A ${OUTSIDE}"
    }
}
`;
}

/**
 * A weight file in service: read at once, looked at every so often, and replaced when it has changed.
 *
 *     interval ──► read ──► changed? ──► the same a moment later? ──► parse ──► weights swapped, fact raised
 *
 * What is still being written is waited for. A file that is missing, too large or wrong leaves the last good weights in
 * service; that is said once, and counted at each look. It belongs to the process, so that a reload of the Corefile keeps
 * them too.
 */
import { open } from 'node:fs/promises';
import { bounds } from '../../bounds.ts';
import { type FactCounters, fileFact } from '../../cluster/facts.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import type { Closable } from '../plugin.ts';
import { type Weights, parseWeights } from './weights.ts';

export interface WeightFileParts {
  /** Absolute. */
  readonly path: string;
  /** Milliseconds between looks; 0 for never again. */
  readonly reload: number;
  readonly facts: FactCounters;
  readonly logger: Logger;
  /** Looks at which the file could not be used. */
  readonly failures: Series;
}

/** Milliseconds for which a changed file must be the same before it is used. */
const SETTLE = 100;

export class WeightFile implements Closable {
  readonly #parts: WeightFileParts;
  #weights: Weights = new Map();
  /** What the weights were made from, and what was last found wrong. */
  #text: string | undefined;
  #rejected: string | undefined;
  #candidate: string | undefined;
  #complaint = '';
  #looking = false;
  readonly #interval: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;
  #settling: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: WeightFileParts) {
    this.#parts = parts;
    if (parts.reload > 0) this.#interval = setInterval(() => void this.#look(), parts.reload).unref();
  }

  /** Resolves when the file has been looked at: whoever begins to use it calls this first. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#opening === undefined) {
      await (this.#opening = this.#open());
    } else {
      await this.#opening;
      await this.#look();
    }
  }

  /** What is served now. Whoever looks in it depends on `fileFact` of the path. */
  get weights(): Weights {
    return this.#weights;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#interval);
    clearTimeout(this.#settling);
  }

  async #open(): Promise<void> {
    const reading = await readBounded(this.#parts.path);
    if (reading.kind === 'text') this.#use(reading.text);
    else this.#complain(reading.trouble);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const reading = await readBounded(this.#parts.path);
    this.#looking = false;
    if (this.#closed) return;
    if (reading.kind === 'none') {
      this.#candidate = undefined;
      this.#complain(reading.trouble);
    } else if (reading.text === this.#text) {
      this.#complaint = '';
    } else if (reading.text === this.#rejected || reading.text === this.#candidate) {
      this.#use(reading.text);
    } else {
      this.#candidate = reading.text;
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => void this.#look(), SETTLE).unref();
    }
  }

  #use(text: string): void {
    this.#candidate = undefined;
    const weights = parseWeights(text);
    if (typeof weights === 'string') {
      this.#rejected = text;
      this.#complain(weights);
      return;
    }
    this.#text = text;
    this.#rejected = undefined;
    this.#complaint = '';
    this.#weights = weights;
    this.#parts.facts.changed(fileFact(this.#parts.path));
  }

  #complain(trouble: string): void {
    const { path, logger, failures } = this.#parts;
    failures.add();
    if (trouble === this.#complaint) return;
    this.#complaint = trouble;
    logger.warning(
      complaint(path, trouble, this.#text === undefined ? 'all weights are 1' : 'the last good weights stay'),
    );
  }
}

/** What a server that starts with this file says of it; undefined where it can be used. */
export async function faultOfWeightFile(path: string): Promise<string | undefined> {
  const reading = await readBounded(path);
  const weights = reading.kind === 'text' ? parseWeights(reading.text) : reading.trouble;
  return typeof weights === 'string' ? complaint(path, weights, 'all weights are 1') : undefined;
}

function complaint(path: string, trouble: string, kept: string): string {
  return `weight file ${path}: ${trouble}; ${kept}`;
}

type Reading = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'none'; readonly trouble: string };

async function readBounded(path: string): Promise<Reading> {
  try {
    const file = await open(path, 'r');
    try {
      // A pipe would be waited for, and a device may never end.
      if (!(await file.stat()).isFile()) return { kind: 'none', trouble: 'it is no regular file' };
      const chunks: Buffer[] = [];
      for await (const chunk of file.createReadStream({ autoClose: false, end: bounds.weightsText })) {
        chunks.push(Buffer.from(chunk));
      }
      const octets = Buffer.concat(chunks);
      if (octets.length > bounds.weightsText) {
        return { kind: 'none', trouble: `it has more than ${bounds.weightsText} octets` };
      }
      return { kind: 'text', text: octets.toString('utf8') };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'none', trouble: 'it does not exist' };
    return { kind: 'none', trouble: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

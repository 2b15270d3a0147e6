/**
 * A weight file in service: the weights that addresses are drawn by, kept up to date. In: where the file is. Out: the weights; a
 * file that is missing, too large or wrong leaves the last good ones in service.
 *
 *     file changed ──► read ──► weights swapped, fact raised
 *                                  │
 *                                  └─► kept for the process ──► the next generation, where it cannot use the file
 */
import { bounds } from '../../bounds.ts';
import { type FactCounters, fileFact } from '../../cluster/facts.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Series } from '../../telemetry/metrics.ts';
import { type FileStamp, FollowedFile, type Loading, faultOf, readStamp } from '../followed-file.ts';
import type { Closable, FileFault } from '../plugin.ts';
import { readSmallFile } from '../small-file.ts';
import { type Weights, parseWeights } from './weights.ts';

const NO_WEIGHTS: Weights = new Map();

/** What is so where no file was ever good. */
const WITHOUT = 'all weights are 1';

interface WeightContent {
  readonly text: string;
  readonly weights: Weights;
  /** When the file was changed, in milliseconds since the epoch. */
  readonly modified: number;
}

/** The last good weights of a file. They belong to the process, so that a reload of the Corefile keeps them. */
export class KeptWeights implements Closable {
  content: WeightContent | undefined;

  close(): void {
    this.content = undefined;
  }
}

export interface WeightFileParts {
  /** Absolute. */
  readonly path: string;
  /** Milliseconds between looks at the file; 0 for never again, without a watch either. */
  readonly reload: number;
  /** Of the same path. */
  readonly kept: KeptWeights;
  readonly facts: FactCounters;
  readonly logger: Logger;
  /** Counts troubles that left the last weights in service. */
  readonly failures: Series;
}

export class WeightFile {
  readonly #parts: WeightFileParts;
  readonly #followed: FollowedFile;
  #content: WeightContent | undefined;

  private constructor(parts: WeightFileParts) {
    this.#parts = parts;
    this.#content = parts.kept.content;
    const { path, reload: interval, logger, failures } = parts;
    const earlier = this.#content?.modified;
    const load = (stamp: FileStamp): Promise<Loading> => Promise.resolve(this.#load(stamp));
    this.#followed = new FollowedFile({ path, interval, load, logger, failures, earlier, without: WITHOUT });
  }

  /** Resolves when the file has been read for the first time, or found missing or wrong, which is logged. */
  static async open(parts: WeightFileParts): Promise<WeightFile> {
    const file = new WeightFile(parts);
    await file.#followed.open();
    return file;
  }

  /** What is served now. Whoever looks in it depends on `fileFact` of the path. */
  get weights(): Weights {
    return this.#content?.weights ?? NO_WEIGHTS;
  }

  close(): void {
    this.#followed.close();
  }

  #load({ modified }: FileStamp): Loading {
    const { path, kept, facts } = this.#parts;
    const reading = readWeights(path);
    if (reading.kind === 'wrong') return { trouble: reading, included: [] };
    // A reload reads the same again: what rested on it still holds.
    const isNew = this.#content?.text !== reading.text;
    kept.content = this.#content = { text: reading.text, weights: reading.weights, modified };
    if (isNew) facts.changed(fileFact(path));
    return { trouble: undefined, included: [] };
  }
}

/** What a server that starts with this file says of it. */
export async function checkWeightFile(path: string): Promise<readonly FileFault[]> {
  const stamp = await readStamp(path);
  const reading = stamp.kind === 'file' ? readWeights(path) : stamp;
  return reading.kind === 'weights' ? [] : [faultOf(path, reading, WITHOUT)];
}

type Reading =
  | { readonly kind: 'weights'; readonly text: string; readonly weights: Weights }
  | { readonly kind: 'wrong'; readonly text: string };

function readWeights(path: string): Reading {
  const file = readSmallFile(path, bounds.weightsText);
  if (file.kind === 'none') return { kind: 'wrong', text: `${path} ${file.trouble}` };
  const weights = parseWeights(file.text);
  if (typeof weights === 'string') return { kind: 'wrong', text: `${path}: ${weights}` };
  return { kind: 'weights', text: file.text, weights };
}

/** What reading a rule of the Corefile gives: types that all readers of fields share. */
import type { Token } from '../../corefile/corefile.ts';
import type { Neighbours } from '../neighbours.ts';
import type { ConfigureContext } from '../plugin.ts';
import type { Rule } from './turn.ts';
import type { Reading } from './words.ts';

/** Makes the rule when the block is put in service. */
export type CreateRule = (neighbours: Neighbours) => Rule;

export interface RuleDefinition {
  /** No rule behind it is looked at where it applied. */
  readonly stops: boolean;
  readonly create: CreateRule;
}

/** What reads the words behind a field. @param field where it is reported that there are too few words */
export type RuleReader = (
  field: Token,
  words: readonly Token[],
  reading: Reading,
  context: ConfigureContext,
) => CreateRule | undefined;

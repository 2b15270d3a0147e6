/**
 * `chaos`: names of class CH by which a server tells about itself (RFC 4892 §2). All TTLs are 0.
 *
 *     version.bind, version.server     which program it is
 *     authors.bind                     who wrote it, or whoever the Corefile names
 *     hostname.bind, id.server         which of several servers it is
 */
import { hostname } from 'node:os';
import type { Token } from '../../corefile/corefile.ts';
import { forbidBlock } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import { Class, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { version } from '../../version.ts';
import { type Outcome, reply } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

/** Octets of a character string (RFC 1035 §3.3). */
const MAX_OCTETS = 255;

export const chaos: PluginDirective = {
  kind: 'plugin',
  name: 'chaos',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    forbidBlock(use, problems);
    const [program, ...authors] = use.args;
    for (const word of use.args) checkLength(word, problems);
    return {
      create: () => ({
        plugin: new Chaos(
          octetsOf(program?.text ?? `Nodens-${version}`),
          authors.map((word) => octetsOf(word.text)),
        ),
      }),
    };
  },
};

function checkLength(word: Token, problems: Problems): void {
  const { length } = octetsOf(word.text);
  if (length > MAX_OCTETS) problems.error(word, `a text of ${length} octets`, { expected: `at most ${MAX_OCTETS}` });
}

function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

class Chaos implements Plugin {
  readonly name = 'chaos';
  readonly replayable = true;
  /** By the key of the name: each text is a record. */
  readonly #texts: ReadonlyMap<string, readonly (readonly Uint8Array[])[]>;

  constructor(program: Uint8Array, authors: readonly Uint8Array[]) {
    const host = octetsOf(hostname()).subarray(0, MAX_OCTETS);
    const rows: readonly (readonly [name: string, texts: readonly Uint8Array[]])[] = [
      ['version.bind', [program]],
      ['version.server', [program]],
      ['authors.bind', authors],
      ['hostname.bind', [host]],
      ['id.server', [host]],
    ];
    this.#texts = new Map(rows.map(([name, texts]) => [Name.fromText(name).key, texts.map((text) => [text])]));
  }

  answer(query: Query, next: Next): Outcome {
    const { name, type, question } = query;
    if (question.class !== Class.CH || type !== Type.TXT) return next.answer(query);
    const texts = this.#texts.get(name.key);
    if (texts === undefined) return next.answer(query);
    if (texts.length === 0) return reply({ authoritative: false });
    return reply({
      authoritative: false,
      answers: [{ kind: 'text', owner: name, type, class: Class.CH, ttl: 0, texts }],
    });
  }
}

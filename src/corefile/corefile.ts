/**
 * The folder of the Corefile language: text → tokens → blocks of directives with file:line:column → typed result.
 *
 *     lexer ──► stream ──► parser ──► keys ──► Corefile ──► options (what the set-up of a directive reads with)
 *                 ▲          │
 *                 └─ imports ┘          problems: everything that is wrong, from every stage
 *
 * What may enter: the language itself, for all directives alike. It knows no DNS messages and no directive by its
 * meaning (only that `bind` and `view` may tell two equal keys apart); the names of those that exist come from the
 * caller. It imports nothing of the other folders.
 */
import { resolve } from 'node:path';
import { Fingerprint } from './fingerprint.ts';
import { Imports } from './imports.ts';
import { readKey } from './keys.ts';
import { bounds } from '../bounds.ts';
import { parseBlocks } from './parser.ts';
import type { RawBlock } from './parser.ts';
import type { Problems } from './problems.ts';
import { TokenReader, isBrace } from './reader.ts';
import { TokenStream } from './stream.ts';
import type { Corefile, Directive, Position, ServerBlockSource, ServerKey, SourceToken, Token } from './tokens.ts';

export type { Corefile, Directive, Position, ServerBlockSource, ServerKey, Token } from './tokens.ts';

export type CorefileSource =
  | { readonly kind: 'file'; readonly path: string }
  /** `name` is what positions call it; its relative imports start from `folder`. */
  | { readonly kind: 'text'; readonly name: string; readonly text: string; readonly folder: string };

/**
 * Reads a Corefile with everything that it imports. Never throws. Where `problems` has errors afterwards, the result is
 * what could still be made out, for further checks; it is not fit to be served.
 *
 * @param environment where `{$NAME}` is looked up
 * @returns undefined only where the file itself cannot be read
 */
export function loadCorefile(
  source: CorefileSource,
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problems,
): Corefile | undefined {
  const imports = new Imports(problems);
  const fingerprint = new Fingerprint();
  const stream = new TokenStream(problems, fingerprint);
  const reader = new TokenReader(stream, environment, fingerprint, problems);
  const main =
    source.kind === 'file'
      ? imports.openMain(source.path)
      : imports.openText({ name: source.name, path: undefined, folder: resolve(source.folder) }, source.text);
  if (main === undefined) return undefined;
  const manifest = startOfManifest(main.tokens);
  if (manifest !== undefined) {
    // Once, and not for each of its words.
    problems.error(manifest, 'this is a Kubernetes manifest, and not a Corefile', {
      expected: "the Corefile by itself: in a ConfigMap it is the text below 'data:' and 'Corefile:'",
    });
    return { blocks: [], inputs: imports.inputs, fingerprint: fingerprint.digest() };
  }
  if (main.tokens.length > 0) stream.insert([main]);
  const raw = parseBlocks({ stream, reader, imports, problems });
  const blocks = readKeys(raw, problems);
  reportSameKeys(blocks, problems);
  if (blocks.length === 0 && !problems.hasErrors) {
    const file = source.kind === 'file' ? source.path : source.name;
    problems.error({ file, line: 1, column: 1 }, 'the Corefile has no server blocks', {
      expected: 'for example .:53 { whoami }',
    });
  }
  return { blocks, inputs: imports.inputs, fingerprint: fingerprint.digest() };
}

/** The first word of YAML for Kubernetes: of `apiVersion: v1`, or `kind: ConfigMap`, on a line by itself. */
function startOfManifest(tokens: readonly SourceToken[]): SourceToken | undefined {
  const [key, value, next] = tokens[0]?.text === '---' ? tokens.slice(1, 4) : tokens;
  if (key === undefined || value === undefined) return undefined;
  const isKey = key.text === 'apiVersion:' || key.text === 'kind:';
  const isLine = !value.startsLine && !isBrace(value, '{') && next?.startsLine !== false;
  return isKey && isLine ? key : undefined;
}

/**
 * Reports directives that do not exist, with the nearest that does. Where a block without braces begins with a word that
 * is called like a directive, that is a warning: most probably a line slipped out of the block before it.
 *
 * @param known the names of all directives
 * @param otherwise what is expected where none of them is near
 */
export function checkDirectiveNames(
  corefile: Corefile,
  known: readonly string[],
  problems: Problems,
  otherwise?: string,
): void {
  const names = new Set(known);
  for (const { keys, directives, withoutBraces } of corefile.blocks) {
    const first = keys[0]?.token;
    if (withoutBraces && first !== undefined && names.has(first.text)) {
      problems.warning(first, `'${first.text}' stands outside of the server blocks and is read as a zone`, {
        expected: 'directives between the braces of a block',
      });
    }
    for (const { name } of directives) {
      if (!names.has(name.text)) problems.unknownWord(name, 'directive', known, otherwise);
    }
  }
}

function readKeys(raw: readonly RawBlock[], problems: Problems): readonly ServerBlockSource[] {
  let left: number = bounds.corefileZones;
  return raw.map(({ keys, directives, withoutBraces }) => {
    const read: ServerKey[] = [];
    for (const token of keys) {
      if (left <= 0) {
        problems.error(token, `the server blocks have more than ${bounds.corefileZones} zones`);
        break;
      }
      const some = readKey(token, problems);
      left -= some.length;
      read.push(...some);
    }
    return { keys: read, directives, withoutBraces };
  });
}

/**
 * Reports keys that are the same in scheme, zone and port. Blocks with `bind` or `view` may have the same key and yet
 * differ; what a missing port stands for is not known here either. Both are for the caller to compare.
 */
function reportSameKeys(blocks: readonly ServerBlockSource[], problems: Problems): void {
  const first = new Map<string, Position>();
  for (const { keys, directives } of blocks) {
    if (directives.some(tellsApart)) continue;
    let reported: Token | undefined;
    for (const { scheme, zone, port, token } of keys) {
      const key = `${scheme}://${zone}${port === undefined ? '' : `:${port}`}`;
      const at = first.get(key);
      if (at === undefined) {
        first.set(key, token.at);
      } else if (token !== reported) {
        // A CIDR that comes again is one mistake, not one for each of its zones.
        reported = token;
        const place = `${at.file}:${at.line}:${at.column}`;
        problems.error(token, `cannot serve ${key} - it is already defined at ${place}`, {
          expected: 'each zone and port once',
        });
      }
    }
  }
}

function tellsApart({ name }: Directive): boolean {
  return name.text === 'bind' || name.text === 'view';
}

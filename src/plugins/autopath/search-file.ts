/**
 * The domains to search of a file in the form of resolv.conf, kept up to date. In: the path. Out: the domains of its last
 * `search` or `domain` line, as resolvers take them; a file that is missing or wrong leaves the last ones in use.
 */
import { bounds } from '../../bounds.ts';
import { type Fact, fileFact } from '../../cluster/facts.ts';
import { shorten } from '../../corefile/problems.ts';
import { Name } from '../../dns/name.ts';
import { FollowedFile, type Loading, faultOf, readStamp } from '../followed-file.ts';
import type { FileFault, Host } from '../plugin.ts';
import { readSmallFile } from '../small-file.ts';

/** Milliseconds between looks; between them a watch of the folder tells. */
const INTERVAL = 5_000;

/** What is so where no file was ever good. */
const WITHOUT = 'autopath does nothing';

export type SearchReading =
  { readonly kind: 'domains'; readonly domains: readonly Name[] } | { readonly kind: 'wrong'; readonly text: string };

export class SearchFile {
  readonly #path: string;
  readonly #facts: Host['facts'];
  readonly #followed: FollowedFile;
  #domains: readonly Name[] | undefined;

  private constructor(path: string, host: Host) {
    this.#path = path;
    this.#facts = host.facts;
    const help = 'Times that a file with a search path broke or went away, so that its last content stayed in use.';
    const failures = host.metrics.counter('nodens_autopath_reload_failures_total', help, ['file']).with(path);
    const parts = { path, interval: INTERVAL, logger: host.logger('autopath'), failures, without: WITHOUT };
    this.#followed = new FollowedFile({ ...parts, load: () => Promise.resolve(this.#load()) });
  }

  /** Resolves when the file has been read for the first time, or found missing or wrong, which is logged. */
  static async open(path: string, host: Host): Promise<SearchFile> {
    const file = new SearchFile(path, host);
    await file.#followed.open();
    return file;
  }

  /** Whoever looks at `domains` depends on it. */
  get fact(): Fact {
    return fileFact(this.#path);
  }

  /** In their order, each once, without the root; undefined until the file has been read. */
  get domains(): readonly Name[] | undefined {
    return this.#domains;
  }

  close(): void {
    this.#followed.close();
  }

  #load(): Loading {
    const reading = readSearchFile(this.#path);
    if (reading.kind === 'wrong') return { trouble: reading, included: [] };
    this.#domains = reading.domains;
    this.#facts.changed(this.fact);
    return { trouble: undefined, included: [] };
  }
}

/** What a server that starts with this file says of it. */
export async function checkSearchFile(path: string): Promise<readonly FileFault[]> {
  const stamp = await readStamp(path);
  const reading = stamp.kind === 'file' ? readSearchFile(path) : stamp;
  return reading.kind === 'domains' ? [] : [faultOf(path, reading, WITHOUT)];
}

function readSearchFile(path: string): SearchReading {
  const file = readSmallFile(path, bounds.resolvConfText);
  if (file.kind === 'none') return { kind: 'wrong', text: `${path} ${file.trouble}` };
  const reading = readSearch(file.text);
  return reading.kind === 'wrong' ? { kind: 'wrong', text: `${path}:${reading.text}` } : reading;
}

/** A text in the form of resolv.conf; what is wrong begins with the number of its line. */
export function readSearch(text: string): SearchReading {
  let domains: readonly Name[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [word, ...rest] = line
      .replace(/[#;].*/s, '')
      .trim()
      .split(/\s+/);
    if (word !== 'search' && word !== 'domain') continue;
    const named = word === 'domain' ? rest.slice(0, 1) : rest;
    const names = named.map((domain) => Name.parse(domain));
    const at = names.indexOf(undefined);
    if (at >= 0) return { kind: 'wrong', text: `${index + 1}: '${shorten(named[at] ?? '')}' is not a domain` };
    domains = names.filter((name) => name !== undefined);
  }
  return { kind: 'domains', domains: withoutRepetition(domains) };
}

/** A candidate in the root is the bare name, which comes last in any case. */
function withoutRepetition(domains: readonly Name[]): readonly Name[] {
  const seen = new Set([Name.root.key]);
  return domains.filter(({ key }) => !seen.has(key) && seen.add(key));
}

/**
 * The words of a `file` directive. In: the directives of a block. Out: for each line its file, its zones and its options; what
 * is wrong is reported.
 */
import type { Directive } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readDuration } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import type { Name } from '../../dns/name.ts';
import type { ConfigureContext } from '../plugin.ts';
import { readFallthrough, readZones, warnOfZonesOutside } from '../zone-arguments.ts';

export interface FileOptions {
  /** As it was written, relative to the Corefile's folder. */
  readonly file: string;
  /** Each is served out of a reading of its own, with itself as the origin. */
  readonly zones: readonly Name[];
  /** Milliseconds between looks at the file; 0 for never. */
  readonly reload: number;
  /** A changed file is served even if its serial has not changed. */
  readonly byTime: boolean;
  /** Names below these that do not exist are passed on. */
  readonly fallthrough: readonly Name[];
}

/** Milliseconds. */
const DEFAULT_RELOAD = 60_000;
/** What a timer can wait, rounded down to whole days. */
const MAX_RELOAD = 24 * 86_400_000;
const USAGE = 'file DBFILE [ZONES…]';

export function readFileOptions(uses: readonly Directive[], context: ConfigureContext): readonly FileOptions[] {
  const taken = new Map<string, Directive>();
  return uses.map((use) => {
    const options = readUse(use, context);
    for (const zone of options.zones) {
      const earlier = taken.get(zone.key);
      if (earlier === undefined) taken.set(zone.key, use);
      else reportTwice(zone, use, earlier, context.problems);
    }
    return options;
  });
}

function reportTwice(zone: Name, use: Directive, earlier: Directive, problems: Problems): void {
  const { file, line, column } = earlier.name.at;
  problems.error(use.name, `the zone ${zone.toString()} has a file already, at ${file}:${line}:${column}`, {
    expected: 'one file for each zone; ZONES behind the name of the file say which it is for',
  });
}

function readUse(use: Directive, context: ConfigureContext): FileOptions {
  const { zones, problems } = context;
  const [file, ...zoneWords] = use.args;
  warnOfZonesOutside(zoneWords, context);
  expectArguments(use, problems, { min: 1, usage: USAGE });
  if (file?.text === '') problems.error(file, 'the name of the file is empty', { expected: USAGE });
  let reload = DEFAULT_RELOAD;
  let byTime = false;
  let fallthrough: readonly Name[] = [];
  const seen = new Set<string>();
  const once = (option: Directive): void => {
    forbidBlock(option, problems);
    const name = option.name.text;
    if (seen.has(name)) problems.error(option.name, `'${name}' stands there twice`, { expected: `one '${name}'` });
    seen.add(name);
  };
  eachOption(use, problems, {
    reload(option) {
      once(option);
      const [word] = option.args;
      if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'reload DURATION' }) || word === undefined)
        return;
      reload = Math.ceil(readDuration(word, problems, { max: MAX_RELOAD }) ?? DEFAULT_RELOAD);
    },
    reload_by_mtime(option) {
      once(option);
      expectArguments(option, problems, { max: 0, usage: 'reload_by_mtime' });
      byTime = true;
    },
    fallthrough(option) {
      once(option);
      fallthrough = readFallthrough(option.args, problems);
    },
    upstream(option) {
      problems.warning(option.name, `'upstream' has no effect`, {
        expected: 'this line removed: look-ups always pass this server',
      });
    },
  });
  return { file: file?.text ?? '', zones: readZones(zoneWords, zones, problems), reload, byTime, fallthrough };
}

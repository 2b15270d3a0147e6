/**
 * The words of a `hosts` directive. In: the directive. Out: its options and the entries that stand among them; a line
 * that begins with an address is an entry, any other must be an option.
 */
import type { Directive } from '../../corefile/corefile.ts';
import { expectArguments, forbidBlock, readDuration, readInteger } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import type { Name } from '../../dns/name.ts';
import type { ConfigureContext } from '../plugin.ts';
import { type HostsEntry, parseHostsAddress, parseHostsLine } from './table.ts';
import { readFallthrough, readZones, warnOfZonesOutside } from '../zone-arguments.ts';

export interface HostsOptions {
  /** As it was written, relative to the Corefile's folder. */
  readonly file: string;
  /** Names outside of these are passed on. */
  readonly zones: readonly Name[];
  readonly inline: readonly HostsEntry[];
  /** Seconds. */
  readonly ttl: number;
  /** PTR records. */
  readonly reverse: boolean;
  /** Milliseconds between looks at the file; 0 for never. */
  readonly reload: number;
  /** Names below these that are not there are passed on. */
  readonly fallthrough: readonly Name[];
  /** Types other than A and AAAA of names that are there are passed on. */
  readonly fallthroughUnsupported: boolean;
}

const DEFAULT_FILE = '/etc/hosts';
const DEFAULT_TTL = 3600;
const MAX_TTL = 65_535;
/** Milliseconds. */
const DEFAULT_RELOAD = 5_000;
/** What a timer can wait, rounded down to whole days. */
const MAX_RELOAD = 24 * 86_400_000;

const OPTIONS = ['ttl', 'no_reverse', 'reload', 'fallthrough', 'fallthrough_unsupported'] as const;
type Option = (typeof OPTIONS)[number];
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export function readHostsOptions(use: Directive, context: ConfigureContext): HostsOptions {
  const { zones, problems } = context;
  const [file, ...zoneWords] = use.args;
  warnOfZonesOutside(zoneWords, context);
  const inline: HostsEntry[] = [];
  const options: Writable<HostsOptions> = {
    file: file?.text ?? DEFAULT_FILE,
    zones: readZones(zoneWords, zones, problems),
    inline,
    ttl: DEFAULT_TTL,
    reverse: true,
    reload: DEFAULT_RELOAD,
    fallthrough: [],
    fallthroughUnsupported: false,
  };
  if (file?.text === '') problems.error(file, 'the name of the file is empty', { expected: 'hosts [FILE [ZONES…]]' });
  let fallthroughSeen = false;
  for (const line of use.block ?? []) {
    forbidBlock(line, problems);
    const option = OPTIONS.find((name) => name === line.name.text);
    if (option !== undefined) {
      readOption(option, line, options, problems);
      if (option === 'fallthrough') fallthroughSeen = true;
    } else if (parseHostsAddress(line.name.text) === undefined) {
      const [address] = line.args;
      if (address === undefined || parseHostsAddress(address.text) === undefined) {
        problems.unknownWord(line.name, `option of 'hosts'`, OPTIONS);
      } else {
        problems.error(line.name, `'${shorten(line.name.text)}' stands in front of its address`, {
          expected: 'ADDRESS NAME…',
          suggestion: `${address.text} ${line.name.text}`,
        });
      }
    } else if (fallthroughSeen) {
      // CoreDNS refuses such a file as well; read here, it would not start there.
      problems.error(line.name, `unknown property '${line.name.text}': entries stand before 'fallthrough'`, {
        expected: `this line above 'fallthrough'`,
      });
    } else {
      inline.push(...readEntry(line, problems));
    }
  }
  return options;
}

function readOption(option: Option, line: Directive, options: Writable<HostsOptions>, problems: Problems): void {
  const [word] = line.args;
  switch (option) {
    case 'ttl':
      if (!expectArguments(line, problems, { min: 1, max: 1, usage: 'ttl SECONDS' }) || word === undefined) return;
      options.ttl = readInteger(word, problems, { min: 1, max: MAX_TTL, what: 'ttl' }) ?? DEFAULT_TTL;
      return;
    case 'reload':
      if (!expectArguments(line, problems, { min: 1, max: 1, usage: 'reload DURATION' }) || word === undefined) return;
      options.reload = Math.ceil(readDuration(word, problems, { max: MAX_RELOAD }) ?? DEFAULT_RELOAD);
      return;
    case 'no_reverse':
      expectArguments(line, problems, { max: 0, usage: 'no_reverse' });
      options.reverse = false;
      return;
    case 'fallthrough':
      options.fallthrough = readFallthrough(line.args, problems);
      return;
    case 'fallthrough_unsupported':
      expectArguments(line, problems, { max: 0, usage: 'fallthrough_unsupported' });
      options.fallthroughUnsupported = true;
      return;
  }
}

/** An entry in the Corefile is no stranger's: what is wrong with it is an error. */
function readEntry(line: Directive, problems: Problems): readonly HostsEntry[] {
  const text = [line.name, ...line.args].map((token) => token.text).join(' ');
  const entry = parseHostsLine(text);
  if (entry === 'nothing') return [];
  if (!('fault' in entry)) return [entry];
  problems.error(line.name, shorten(entry.fault), { expected: 'ADDRESS NAME…' });
  return [];
}

/**
 * The command line: Go-style flags with one dash or two, `-x v` and `-x=v`, since CoreDNS's manifests are written so.
 * In: the arguments behind the program's name. Out: a command with its flags, or what is wrong and what to write instead.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nearestWord } from '../corefile/nearest.ts';
import { bindFault } from './bind-flag.ts';
import { type UdpKind, udpKinds } from '../transport/udp-transport.ts';

/** Flags as they were given; what was not given is undefined or empty. */
export interface Flags {
  readonly conf: string | undefined;
  /** The port of server blocks that give none. */
  readonly port: number | undefined;
  readonly pidfile: string | undefined;
  readonly quiet: boolean;
  readonly bind: readonly string[];
  readonly fixtures: readonly string[];
  /** Where the state of the cluster is kept between runs. */
  readonly snapshot: string | undefined;
  /** How UDP is spoken; undefined for the best that there is. */
  readonly udp: UdpKind | undefined;
}

export type CommandLine =
  | { readonly command: 'serve' | 'check' | 'print-config'; readonly flags: Flags }
  | { readonly command: 'version' | 'plugins' | 'help' }
  | { readonly command: 'wrong'; readonly message: string };

const options = {
  conf: { type: 'string' },
  'dns.port': { type: 'string' },
  p: { type: 'string' },
  pidfile: { type: 'string' },
  plugins: { type: 'boolean' },
  quiet: { type: 'boolean' },
  version: { type: 'boolean' },
  bind: { type: 'string', multiple: true },
  fixture: { type: 'string', multiple: true },
  snapshot: { type: 'string' },
  udp: { type: 'string' },
  'print-config': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type OptionName = keyof typeof options;

const commands = ['serve', 'check'] as const;

export function parseCommandLine(args: readonly string[]): CommandLine {
  const [first, ...rest] = args;
  const command = commands.find((name) => name === first);
  const rewritten = withTwoDashes(command === undefined ? args : rest);
  if (typeof rewritten === 'string') return wrong(rewritten);
  const { values } = parseArgs({ args: [...rewritten], options, allowPositionals: false });
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };
  if (values.plugins === true) return { command: 'plugins' };
  const portText = values['dns.port'] ?? values.p;
  const port = portText === undefined ? undefined : readPort(portText);
  if (port === 'none') return wrong(`'${portText}' is not a port; expected a number from 0 to 65535`);
  const udp = udpKinds.find((kind) => kind === values.udp);
  if (values.udp !== undefined && udp === undefined) {
    return wrong(`'${values.udp}' is no way to speak UDP; expected ${udpKinds.join(' or ')}`);
  }
  const fault = bindFault(values.bind ?? []);
  if (fault !== undefined) return wrong(fault);
  return {
    command: values['print-config'] === true ? 'print-config' : (command ?? 'serve'),
    flags: {
      conf: values.conf,
      port,
      pidfile: values.pidfile,
      quiet: values.quiet ?? false,
      bind: values.bind ?? [],
      fixtures: values.fixture ?? [],
      snapshot: values.snapshot,
      udp,
    },
  };
}

function wrong(message: string): CommandLine {
  return { command: 'wrong', message };
}

function readPort(text: string): number | 'none' {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= 0 && port <= 65_535 ? port : 'none';
}

/** The same arguments with `--name=value` throughout, or what is wrong with them. */
function withTwoDashes(args: readonly string[]): readonly string[] | string {
  const rewritten: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    const match = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s.exec(argument);
    if (match === null) {
      return `unexpected argument '${argument}'; ${hintFor(argument)}`;
    }
    const given = match[1] ?? '';
    const name = shortForms.get(given) ?? given;
    if (!isOption(name)) {
      const nearest = nearestFlag(name);
      return `unknown flag '${argument}'${nearest === undefined ? '; see -help' : `; did you mean '-${nearest}'?`}`;
    }
    const option = options[name];
    if (option.type === 'boolean') {
      if (match[2] === undefined || match[2] === 'true') rewritten.push(`--${name}`);
      else if (match[2] !== 'false') return `flag '-${name}' takes no value`;
      continue;
    }
    const value = match[2] ?? args[++i] ?? '';
    if (value === '') return `flag '-${name}' needs a value`;
    rewritten.push(`--${name}=${value}`);
  }
  return rewritten;
}

const shortForms: ReadonlyMap<string, OptionName> = new Map([
  ['h', 'help'],
  ['v', 'version'],
]);

/**
 * The flag that the word begins with, `-conf` for `-config`; or that has the word in it, `-dns.port` for `-port`; or that is
 * nearly spelt so.
 */
function nearestFlag(word: string): string | undefined {
  if (word.length < 2) return undefined;
  const names = Object.keys(options);
  const shortened = names.find((name) => name.length > 1 && word.startsWith(name));
  return shortened ?? names.find((name) => name.includes(word)) ?? nearestWord(word, names);
}

function hintFor(argument: string): string {
  const command = nearestWord(argument, commands);
  if (command !== undefined) return `did you mean the command '${command}', in the first place?`;
  // As other programs have commands of these names.
  if (isOption(argument)) return `did you mean the flag '${argument === 'help' ? '-' : ''}-${argument}'?`;
  if (existsSync(argument)) return `to serve these manifests: --fixture ${argument}`;
  return 'flags begin with a dash, see -help';
}

function isOption(name: string): name is OptionName {
  return Object.hasOwn(options, name);
}

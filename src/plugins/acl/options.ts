/**
 * The words of `acl` directives. In: the directives of a block. Out: rule sets, in the order of the file, whose policies are
 * fit to be asked for each query; what is wrong is reported.
 */
import { bounds } from '../../bounds.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { forbidBlock } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { typeMnemonics, typeOf } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { ConfigureContext } from '../plugin.ts';
import { readZones, warnOfZonesOutside } from '../zone-arguments.ts';
import { ZoneMap } from '../zone-map.ts';
import { type Network, NetworkSet, parseNetwork } from '../networks.ts';

const ACTIONS = ['allow', 'block', 'filter', 'drop'] as const;
export type Action = (typeof ACTIONS)[number];

const SECTIONS = ['type', 'net'] as const;
type Section = (typeof SECTIONS)[number];

export interface Policy {
  readonly action: Action;
  /** Undefined for all types. */
  readonly types: ReadonlySet<number> | undefined;
  /** Undefined for all clients. */
  readonly networks: NetworkSet | undefined;
}

export interface RuleSet {
  /** Each zone by itself. */
  readonly zones: ZoneMap<Name>;
  readonly policies: readonly Policy[];
}

const USAGE = 'allow|block|filter|drop [type TYPE…] [net NETWORK…]';
const ALL = '*';

export function readRuleSets(uses: readonly Directive[], context: ConfigureContext): readonly RuleSet[] {
  const budget = { left: bounds.aclNetworks };
  const ruleSets = uses.map((use) => readRuleSet(use, context, budget));
  const policies = ruleSets.flatMap((ruleSet) => ruleSet.policies);
  const [first] = uses;
  if (first !== undefined && policies.length > 0 && policies.every(({ action }) => action === 'allow')) {
    context.problems.warning(first.name, `'acl' refuses nobody: what no policy is for is allowed`, {
      expected: `a line 'block' behind those that allow`,
    });
  }
  return ruleSets;
}

/** The first policy that fits decides: behind one for all types and all clients there is none left. */
function warnOfOrder(lines: readonly Directive[], problems: Problems): void {
  const last = lines.findIndex(({ args }) => args.length === 0);
  const behind = last < 0 ? undefined : lines[last + 1];
  if (behind === undefined) return;
  problems.warning(behind.name, `no query comes so far: '${lines[last]?.name.text ?? ''}' above is for all`, {
    expected: 'what is for some in front of what is for all',
  });
}

/** How many networks there may be from here on. */
interface Budget {
  left: number;
}

function readRuleSet(use: Directive, context: ConfigureContext, budget: Budget): RuleSet {
  const { zones, problems } = context;
  const lines = use.block ?? [];
  if (lines.length === 0) {
    problems.warning(use.name, "'acl' has no policies, so that everything is allowed", {
      expected: `acl { ${USAGE} }`,
    });
  }
  const read = lines.flatMap((line) => readPolicy(line, problems, budget) ?? []);
  warnOfOrder(lines, problems);
  warnOfZonesOutside(use.args, context);
  return {
    zones: new ZoneMap(readZones(use.args, zones, problems).map((zone) => [zone, zone])),
    policies: joined(read).map(({ action, types, networks }) => ({
      action,
      types,
      networks: networks && new NetworkSet(networks),
    })),
  };
}

/** A line of the block. */
interface Line {
  readonly action: Action;
  readonly types: ReadonlySet<number> | undefined;
  readonly networks: readonly Network[] | undefined;
}

function readPolicy(line: Directive, problems: Problems, budget: Budget): Line | undefined {
  forbidBlock(line, problems);
  const action = ACTIONS.find((one) => one === line.name.text.toLowerCase());
  if (action === undefined) {
    problems.unknownWord(line.name, "policy of 'acl'", ACTIONS);
    return undefined;
  }
  const words = readSections(line, problems);
  const types = words && selected(words.type, (word) => readType(word, problems));
  return {
    action,
    types: types && new Set(types),
    networks: words && selected(words.net, (word) => readNetwork(word, problems, budget)),
  };
}

/** The words behind `type` and `net`; a section that is not there has none. */
function readSections(line: Directive, problems: Problems): Readonly<Record<Section, readonly Token[]>> | undefined {
  const words: Record<Section, Token[]> = { type: [], net: [] };
  let section: { readonly name: Section; readonly token: Token; isEmpty: boolean } | undefined;
  const end = (): void => {
    if (section?.isEmpty !== true) return;
    problems.error(section.token, `'${section.name}' stands without anything behind it`, {
      expected: section.name === 'type' ? `types such as A AAAA, or ${ALL}` : `networks such as 10.0.0.0/8, or ${ALL}`,
    });
  };
  for (const token of line.args) {
    const name = SECTIONS.find((one) => one === token.text.toLowerCase());
    if (name !== undefined) {
      end();
      section = { name, token, isEmpty: true };
    } else if (section === undefined) {
      problems.unknownWord(token, `word behind '${shorten(line.name.text)}'`, SECTIONS);
      return undefined;
    } else {
      section.isEmpty = false;
      words[section.name].push(token);
    }
  }
  end();
  return words;
}

/** What the words stand for; undefined for all where there are none, or one is `*`. */
function selected<T>(words: readonly Token[], read: (word: Token) => T | undefined): readonly T[] | undefined {
  if (words.length === 0) return undefined;
  const isAll = words.some(({ text }) => text === ALL);
  const values = words.flatMap((word) => (word.text === ALL ? [] : (read(word) ?? [])));
  return isAll ? undefined : values;
}

function readType(word: Token, problems: Problems): number | undefined {
  const value = typeOf(word.text);
  if (value !== undefined) return value;
  const upper = word.text.toUpperCase();
  if (typeOf(upper) === undefined) problems.unknownWord(word, 'type', typeMnemonics);
  else problems.error(word, 'a type is written in capitals', { suggestion: upper });
  return undefined;
}

function readNetwork(word: Token, problems: Problems, budget: Budget): Network | undefined {
  if (budget.left-- === 0) problems.error(word, `there are more than ${bounds.aclNetworks} networks`);
  if (budget.left < 0) return undefined;
  const network = parseNetwork(word.text);
  if (network === undefined) {
    problems.error(word, `'${shorten(word.text)}' is neither a network nor an address`, {
      expected: `10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or ${ALL}`,
    });
  }
  return network;
}

/**
 * Lines behind each other that do the same to the same types are one, so that a network on a line of its own costs no more than
 * one of many on a line.
 */
function joined(lines: readonly Line[]): readonly Line[] {
  const policies: { line: Line; networks: Network[] | undefined; readonly kind: string }[] = [];
  for (const line of lines) {
    const kind = `${line.action} ${line.types === undefined ? ALL : [...line.types].toSorted((a, b) => a - b).join()}`;
    const last = policies.at(-1);
    if (last?.kind !== kind) {
      policies.push({ line, networks: line.networks && [...line.networks], kind });
    } else if (last.networks !== undefined) {
      if (line.networks === undefined) last.networks = undefined;
      else for (const network of line.networks) last.networks.push(network);
    }
  }
  return policies.map(({ line, networks }) => ({ ...line, networks }));
}

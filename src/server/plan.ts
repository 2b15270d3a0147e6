/**
 * From a parsed Corefile to a plan of what to serve: every directive read by the plugin it belongs to, in the fixed order
 * of plugins, every key given its port and addresses. Nothing is opened here, and everything wrong is reported in one go.
 */
import { Name } from '../dns/name.ts';
import {
  type Corefile,
  type Directive,
  type ServerBlockSource,
  type ServerKey,
  checkDirectiveNames,
} from '../corefile/corefile.ts';
import { directiveText } from '../corefile/directive-text.ts';
import type { Problems } from '../corefile/problems.ts';
import { directiveOrder, directives } from '../plugins/order.ts';
import { refused } from '../plugins/refused.ts';
import type {
  BlockSettings,
  ConfigureContext,
  DirectiveDefinition,
  PluginDirective,
  PluginSetup,
} from '../plugins/plugin.ts';
import { expandBind, isReachedAt } from './bind-addresses.ts';
import { reportEncryption } from './encryption.ts';
import { ANY_ADDRESS, listenKey } from './listen-address.ts';
import type { PlannedBlock, PlannedPlugin, ServerPlan } from './planned.ts';
import { schemeRefusal, servedScheme } from './schemes.ts';

/** What the command line says beside the Corefile. */
export interface PlanOptions {
  /** For keys that give no port. */
  readonly defaultPort: number;
  /** For blocks without `bind`; empty for all addresses. */
  readonly bind: readonly string[];
  /** Manifests in place of an API server. */
  readonly fixtures: readonly string[];
  /** Absolute path of the file that keeps a cluster's state between runs, for each `kubernetes` without one of its own. */
  readonly snapshot?: string | undefined;
  /** The folder that relative paths of the Corefile start from. */
  readonly folder: string;
}

const definitions: ReadonlyMap<string, DirectiveDefinition> = new Map(directives.map((one) => [one.name, one]));
/** In the order in which they run; those that are refused and have no place in it come last. */
const knownDirectives: readonly string[] = [...new Set([...directiveOrder, ...Object.keys(refused)])];
const EXPECTED_DIRECTIVE =
  'a directive of CoreDNS 1.14 or of Nodens, all of which docs/directives.md lists; plugins from elsewhere are not served';
const position: ReadonlyMap<string, number> = new Map(knownDirectives.map((name, i) => [name, i]));

/** Undefined where there are errors; they are in `problems`. */
export function planServer(corefile: Corefile, options: PlanOptions, problems: Problems): ServerPlan | undefined {
  checkDirectiveNames(corefile, knownDirectives, problems, EXPECTED_DIRECTIVE);
  const blocks = corefile.blocks.map((block) => planBlock(block, options, problems));
  reportDoubles(blocks, problems);
  reportMixedBinds(corefile, blocks, problems);
  blocks.forEach((block) => warnOfOwnQuestions(block, problems));
  reportEncryption(corefile, blocks, problems);
  if (problems.hasErrors) return undefined;
  return {
    blocks,
    reload: blocks.find((block) => block.settings.reload !== undefined)?.settings.reload,
    debug: blocks.some((block) => block.settings.debug),
    files: blocks.flatMap((block) => block.settings.files ?? []),
  };
}

function planBlock(block: ServerBlockSource, options: PlanOptions, problems: Problems): PlannedBlock {
  const settings: BlockSettings = { bind: [], bindExcept: [], debug: false, reload: undefined, timeouts: undefined };
  const plugins: PlannedPlugin[] = [];
  const context: ConfigureContext = {
    zones: [...new Set(block.keys.map((key) => key.zone))],
    problems,
    fixtures: options.fixtures,
    snapshot: options.snapshot,
    folder: options.folder,
    usesOf: (name) => block.directives.filter((directive) => directive.name.text === name),
  };
  const reach = new Reach();
  for (const uses of inFixedOrder(block.directives)) {
    const [first] = uses;
    const definition = definitions.get(first.name.text);
    if (definition === undefined) {
      const refusal = refused[first.name.text];
      const why = refusal === undefined ? 'is known but not implemented yet' : `is not served here: ${refusal.reason}`;
      problems.error(first.name, `'${first.name.text}' ${why}`, {
        expected: refusal?.instead ?? 'a server block without it',
      });
    } else if (definition.kind === 'setting') {
      definition.apply(uses, context, settings);
    } else {
      const setup = definition.configure(uses, context);
      if (setup === undefined) continue;
      reach.add(first, definition, setup);
      const text = uses.map(directiveText).join('\n');
      plugins.push({ name: definition.name, text, inChain: definition.besideChain !== true, setup });
    }
  }
  reach.warn(problems);
  const addresses = addressesOf(settings, options);
  const bind = block.directives.find((directive) => directive.name.text === 'bind');
  if (addresses.length === 0 && bind !== undefined && !problems.hasErrors) {
    problems.error(bind.name, "'except' leaves no address to listen at", {
      expected: 'an address that is not excepted',
    });
  }
  return {
    served: block.keys.flatMap((key) => servedAt(key, addresses, options.defaultPort, problems)),
    plugins,
    settings,
    anyClass: plugins.some((plugin) => TAKE_ANY_CLASS.has(plugin.name)),
    view: viewOf(block),
  };
}

/** Which directives of a block no query comes to, since one that runs before them passes none on. */
class Reach {
  #last: PluginSetup['takesAll'];
  readonly #behind: string[] = [];

  /** In the order in which they run. */
  add({ name }: Directive, { answers }: PluginDirective, { takesAll }: PluginSetup): void {
    if (this.#last !== undefined && answers === true) this.#behind.push(`'${name.text}'`);
    this.#last ??= takesAll;
  }

  warn(problems: Problems): void {
    if (this.#last === undefined || this.#behind.length === 0) return;
    const { use, instead } = this.#last;
    const message = `no query comes as far as ${this.#behind.join(' and ')}: '${use.name.text}' answers all of them`;
    problems.warning(use.name, message, { expected: instead });
  }
}

/** The word behind `view`; empty where it is missing, which was reported. */
function viewOf(block: ServerBlockSource): string | undefined {
  const directive = block.directives.find(({ name }) => name.text === 'view');
  return directive && (directive.args[0]?.text ?? '');
}

/** Plugins whose presence lets questions of all classes in, as in CoreDNS. */
const TAKE_ANY_CLASS: ReadonlySet<string> = new Set(['chaos', 'forward']);

type Uses = readonly [Directive, ...Directive[]];

/** The directives of a block grouped by name, in the order in which plugins run; unknown ones are left out. */
function inFixedOrder(block: readonly Directive[]): readonly Uses[] {
  const byName = new Map<string, [Directive, ...Directive[]]>();
  for (const directive of block) {
    const name = directive.name.text;
    const uses = byName.get(name);
    if (!position.has(name)) continue;
    if (uses === undefined) byName.set(name, [directive]);
    else uses.push(directive);
  }
  return [...byName].toSorted(([a], [b]) => (position.get(a) ?? 0) - (position.get(b) ?? 0)).map(([, uses]) => uses);
}

function addressesOf(settings: BlockSettings, options: PlanOptions): readonly string[] {
  const words = settings.bind.length > 0 ? settings.bind : options.bind;
  const addresses = expandBind(words, settings.bindExcept);
  // All addresses are these and the others.
  return words.length === 0 || addresses.includes(ANY_ADDRESS) ? [ANY_ADDRESS] : addresses;
}

function servedAt(
  key: ServerKey,
  addresses: readonly string[],
  defaultPort: number,
  problems: Problems,
): PlannedBlock['served'] {
  const scheme = servedScheme(key.scheme);
  if (scheme === undefined) {
    const { reason, instead } = schemeRefusal(key.scheme);
    problems.error(key.token, `'${key.scheme}://' is not served here: ${reason}`, { expected: instead });
    return [];
  }
  const zone = Name.parse(key.zone);
  if (zone === undefined) {
    problems.error(key.token, `'${key.zone}' is not a domain name`);
    return [];
  }
  const port = key.port ?? defaultPort;
  const portFrom = key.port === undefined ? undefined : key.token;
  return addresses.map((address) => ({ zone, at: { scheme, address, port, portFrom }, key: key.token }));
}

/**
 * The same zone at the same address and port a second time would leave one of the two without questions, unless the first has a
 * `view`: blocks of one zone are tried in the order of the file.
 */
function reportDoubles(blocks: readonly PlannedBlock[], problems: Problems): void {
  const seen = new Set<string>();
  // Keys that are the same word for word were reported when they were read; a network as a key is one mistake, not one
  // for each of its zones.
  const reported = new Set(problems.list.map((problem) => problem.at));
  for (const { zone, at, key, view } of blocks.flatMap((block) =>
    block.served.map((one) => ({ ...one, view: block.view })),
  )) {
    const id = `${zone.key} ${listenKey(at)}`;
    if (seen.has(id) && !reported.has(key.at)) {
      reported.add(key.at);
      problems.error(key, `cannot serve ${at.scheme}://${zone.toString()}:${at.port} - it is already defined`, {
        expected:
          view === undefined
            ? 'each zone once for each address and port'
            : "this block before the one without 'view', which takes all that is left",
      });
    }
    if (view === undefined) seen.add(id);
  }
}

/** A block that asks itself goes on asking until somebody gives up. */
function warnOfOwnQuestions({ served, plugins, view }: PlannedBlock, problems: Problems): void {
  // A view, or another name, leads to another block.
  if (view !== undefined || plugins.some(({ name }) => name === 'rewrite')) return;
  for (const { to, word } of plugins.flatMap(({ setup }) => setup.asks ?? [])) {
    const own = served.filter(({ at }) => at.scheme === 'dns' && at.port === to.port).map(({ at }) => at.address);
    if (own.length === 0 || !isReachedAt(own, to.address)) continue;
    problems.warning(word, `'${word.text}' is this server block itself: its questions would come back to it`, {
      expected: 'another server',
    });
  }
}

/** A socket for all addresses and one for some of them cannot have the same port. */
function reportMixedBinds(corefile: Corefile, blocks: readonly PlannedBlock[], problems: Problems): void {
  const everywhere = new Set<number>();
  for (const { at } of blocks.flatMap((block) => block.served)) if (at.address === ANY_ADDRESS) everywhere.add(at.port);
  blocks.forEach((block, index) => {
    const clash = block.served.find(({ at }) => at.address !== ANY_ADDRESS && everywhere.has(at.port));
    if (clash === undefined) return;
    const bind = corefile.blocks[index]?.directives.find((directive) => directive.name.text === 'bind');
    // Without `bind` the addresses are those of the command line.
    problems.error(bind?.name ?? clash.key, `another server block serves port ${clash.at.port} on all addresses`, {
      expected: "'bind' in all server blocks of a port, or in none",
    });
  });
}

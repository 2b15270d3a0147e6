/**
 * The words of `searchpath`: what it does, in which zone, and what of a name belongs to the Internet. All that is wrong is
 * reported in one go.
 */
import { bounds } from '../../bounds.ts';
import type { Directive } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, wordsAsZones } from '../../corefile/options.ts';
import { Name } from '../../dns/name.ts';
import type { ConfigureContext } from '../plugin.ts';
import type { CompletionOptions } from './completion.ts';
import { delegatedTopLevelDomains } from './delegated.ts';
import type { ShortNamesOptions } from './short-names.ts';
import { specialTopLevelDomains, wellKnownTopLevelDomains } from './top-level-domains.ts';

const DEFAULT_NAMESPACE = 'default';
const USAGE = 'searchpath { complete } or searchpath { short_names }';

export interface SearchPathOptions {
  readonly completion: CompletionOptions | undefined;
  readonly shortNames: ShortNamesOptions | undefined;
}

/** What the lines between the braces say. */
interface Lines {
  complete: Directive | undefined;
  /** The first of them. */
  searchLine: Directive | undefined;
  readonly search: Map<string, Name>;
  namespace: string | undefined;
  readonly topLevelDomains: string[];
}

/** Undefined where nothing usable came out. */
export function readSearchPath(directive: Directive, context: ConfigureContext): SearchPathOptions | undefined {
  const { problems } = context;
  expectArguments(directive, problems, { max: 0, usage: 'searchpath { … }' });
  const { complete, searchLine, search, namespace, topLevelDomains } = readLines(directive, context);
  if (searchLine !== undefined && complete === undefined) {
    problems.error(searchLine.name, "'search' does nothing without 'complete'", {
      expected: "'complete' on a line beside it",
    });
  }
  if (namespace === undefined && complete === undefined) {
    problems.error(directive.name, "'searchpath' has nothing to do", { expected: USAGE });
  }
  const zone = clusterZone(context);
  if (zone === undefined) {
    problems.error(directive.name, "'searchpath' needs a 'kubernetes' directive in the same server block", {
      expected: 'kubernetes cluster.local beside it',
    });
  }
  if (zone === undefined || problems.hasErrors) return undefined;
  return {
    completion: complete && completionOptions([...search.values()], topLevelDomains),
    shortNames:
      namespace === undefined
        ? undefined
        : {
            zone: Name.fromText(zone),
            namespace,
            topLevelDomains: new Set([...wellKnownTopLevelDomains, ...topLevelDomains]),
          },
  };
}

function readLines(directive: Directive, context: ConfigureContext): Lines {
  const { problems } = context;
  const lines: Lines = {
    complete: undefined,
    searchLine: undefined,
    search: new Map(),
    namespace: undefined,
    topLevelDomains: [],
  };
  eachOption(directive, problems, {
    complete(option) {
      if (lines.complete !== undefined) problems.error(option.name, "'complete' stands here twice");
      expectArguments(option, problems, { max: 0, usage: 'complete' });
      lines.complete = option;
    },
    search(option) {
      lines.searchLine ??= option;
      readSearch(option, context, lines.search);
    },
    short_names(option) {
      lines.namespace = readNamespace(option, context) ?? lines.namespace;
    },
    search_tlds(option) {
      if (!expectArguments(option, problems, { min: 1, usage: 'search_tlds TLD…' })) return;
      for (const token of option.args) lines.topLevelDomains.push(token.text.toLowerCase().replace(/^\.|\.$/g, ''));
    },
  });
  for (const option of directive.block ?? []) forbidBlock(option, problems);
  return lines;
}

function completionOptions(search: readonly Name[], further: readonly string[]): CompletionOptions {
  const known = [...wellKnownTopLevelDomains, ...delegatedTopLevelDomains, ...specialTopLevelDomains];
  return { search, topLevelDomains: new Set([...known, ...further]) };
}

function readNamespace(option: Directive, { problems }: ConfigureContext): string | undefined {
  if (!expectArguments(option, problems, { max: 1, usage: 'short_names [NAMESPACE]' })) return undefined;
  const [token] = option.args;
  const namespace = (token?.text ?? DEFAULT_NAMESPACE).toLowerCase();
  if (Name.fromLabels([namespace], Name.root) === undefined || namespace.includes('.')) {
    problems.error(token ?? option.name, `'${namespace}' is not a namespace`, {
      expected: 'one label, for example default',
    });
  }
  return namespace;
}

/** Adds the domains of one line, each once, in the order in which nodes have them. */
function readSearch(option: Directive, { problems }: ConfigureContext, search: Map<string, Name>): void {
  if (!expectArguments(option, problems, { min: 1, usage: 'search DOMAIN…' })) return;
  for (const token of option.args) {
    const name = Name.parse(token.text);
    if (name === undefined || name.labelCount === 0) {
      problems.error(token, `'${token.text}' is not a domain`, { expected: 'a domain such as corp.example' });
    } else if (search.size >= bounds.searchDomains) {
      problems.error(token, `there are more than ${bounds.searchDomains} domains to search`, {
        expected: 'those that nodes have in their resolv.conf',
      });
      return;
    } else {
      search.set(name.key, name);
    }
  }
}

/** The first zone of the block's `kubernetes` that is not a reverse zone. */
function clusterZone(context: ConfigureContext): string | undefined {
  const [use] = context.usesOf('kubernetes');
  if (use === undefined) return undefined;
  // What is wrong with these words is reported where `kubernetes` itself reads them.
  const zones = wordsAsZones(use.args, context.zones, context.problems);
  return zones.find((zone) => !zone.endsWith('.arpa.'));
}

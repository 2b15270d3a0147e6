/**
 * Reading the `kubernetes` directive: its arguments and options as CoreDNS has them, into typed values. Those that concern an
 * API server are read by `api-options.ts`.
 */
import { type Selector, parseSelector } from '../../cluster/selector.ts';
import type { PodMode } from '../../cluster/view.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import {
  eachOption,
  expectArguments,
  forbidBlock,
  readChoice,
  readInteger,
  warnOfSecond,
  wordsAsZones,
} from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import type { ConfigureContext } from '../plugin.ts';
import { warnOfZonesOutside } from '../zone-arguments.ts';
import { type ApiOptions, apiHandlers, defaultApiOptions, warnOfUnusedOptions } from './api-options.ts';

export interface KubernetesOptions {
  /** Presentation form, lower case, fully qualified, as given or as the block has them. */
  zones: readonly string[];
  /** The zones within which a name error goes to the next plugin; empty for none. */
  fallthrough: readonly string[];
  /** Seconds. */
  ttl: number;
  pods: PodMode;
  endpointPodNames: boolean;
  noEndpoints: boolean;
  ignoreEmptyService: boolean;
  zonal: boolean;
  namespaces: Set<string> | undefined;
  namespaceLabels: Selector | undefined;
  /** Which Services, EndpointSlices and Pods are taken; undefined for all. */
  labels: Selector | undefined;
  /** Those of the zones that have Services of several clusters. */
  multicluster: readonly string[];
  api: ApiOptions;
}

const USAGE = 'kubernetes [ZONES…]';
const DEFAULT_TTL = 5;
const MAX_TTL = 3600;
/** A second line of these adds to the first, or is looked at where it is read. */
const MAY_STAND_AGAIN = new Set(['namespaces', 'multicluster', 'endpoint', 'kubeconfig', 'snapshot']);
/** What CoreDNS had once, and what to do about it. */
const DELETED = 'this line deleted, as CoreDNS removed the option in 1.7';
const GONE: ReadonlyMap<string, string> = new Map([
  ['resyncperiod', DELETED],
  ['upstream', DELETED],
  ['transfer', "the directive 'transfer' beside 'kubernetes'"],
]);
/** What looks at the clusters of its block, or at their zones, whatever the names of the block are. */
const NEIGHBOURS = ['searchpath', 'autopath', 'k8s_external', 'ipv6', 'transfer', 'metadata'] as const;

/** Reads one use of the directive; what is wrong is in `problems`, and the rest has its defaults. */
export function readKubernetes(
  directive: Directive,
  context: Pick<ConfigureContext, 'zones' | 'folder' | 'problems' | 'usesOf'>,
): KubernetesOptions {
  const { problems } = context;
  const options = defaults(wordsAsZones(directive.args, context.zones, problems));
  let namespacesOption: Token | undefined;
  const flag = (option: Directive, set: () => void): void => {
    if (expectArguments(option, problems, { max: 0, usage: option.name.text })) set();
  };
  const one = (option: Directive, usage: string, use: (argument: Token) => void): void => {
    const [argument] = option.args;
    if (expectArguments(option, problems, { min: 1, max: 1, usage }) && argument !== undefined) use(argument);
  };

  const handlers: Readonly<Record<string, (option: Directive) => void>> = {
    ...apiHandlers(options.api, context),
    namespaces: (option) => {
      if (!expectArguments(option, problems, { min: 1, usage: 'namespaces NAME…' })) return;
      options.namespaces ??= new Set();
      for (const token of option.args) options.namespaces.add(token.text.toLowerCase());
      namespacesOption = option.name;
    },
    namespace_labels: (option) => {
      const selector = readSelector(option, problems);
      if (selector !== undefined) options.namespaceLabels = selector;
    },
    labels: (option) => {
      const selector = readSelector(option, problems);
      if (selector !== undefined) options.labels = selector;
    },
    pods: (option) =>
      one(option, 'pods disabled|insecure|verified', (token) => {
        options.pods = readChoice(token, problems, ['disabled', 'insecure', 'verified']) ?? options.pods;
      }),
    endpoint_pod_names: (option) =>
      flag(option, () => {
        options.endpointPodNames = true;
      }),
    ttl: (option) =>
      one(option, `ttl SECONDS, from 0 to ${MAX_TTL}`, (token) => {
        options.ttl = readInteger(token, problems, { min: 0, max: MAX_TTL, what: 'ttl' }) ?? options.ttl;
      }),
    noendpoints: (option) =>
      flag(option, () => {
        options.noEndpoints = true;
      }),
    fallthrough: (option) => {
      options.fallthrough = wordsAsZones(option.args, ['.'], problems);
    },
    ignore: (option) => {
      if (!expectArguments(option, problems, { max: 1, usage: 'ignore empty_service' })) return;
      const [what] = option.args;
      if (what !== undefined && readChoice(what, problems, ['empty_service']) !== undefined) {
        options.ignoreEmptyService = true;
      }
    },
    multicluster: (option) => {
      if (option.args.length === 0) {
        // CoreDNS starts with it.
        problems.warning(option.name, "'multicluster' without zones has no effect", {
          expected: 'multicluster ZONES…',
        });
      }
      options.multicluster = [...options.multicluster, ...wordsAsZones(option.args, [], problems)];
      for (const zone of options.multicluster) {
        if (!options.zones.includes(zone)) {
          problems.error(option.name, `multicluster zone '${zone}' is not served here`, {
            expected: `one of the zones of this directive: ${options.zones.join(' ')}`,
          });
        }
      }
      const reverse = options.multicluster.find(isReverseZone);
      if (reverse !== undefined) {
        problems.error(option.name, `multicluster zone '${reverse}' is a reverse zone`, {
          expected: 'a zone for names, such as multicluster clusterset.local',
        });
      }
    },
    zonal: (option) =>
      flag(option, () => {
        options.zonal = true;
      }),
  };
  const seen = new Map<string, Token>();
  for (const option of directive.block ?? []) {
    const name = option.name.text;
    if (Object.hasOwn(handlers, name) && !MAY_STAND_AGAIN.has(name)) warnOfSecond(option, name, seen, problems);
  }
  eachOption(directive, problems, handlers, GONE);

  for (const option of directive.block ?? []) forbidBlock(option, problems);
  if (options.zonal && options.noEndpoints) {
    problems.error(directive.name, "'zonal' needs endpoints, and 'noendpoints' leaves them out", {
      expected: 'one of the two',
    });
  }
  if (options.ignoreEmptyService && options.noEndpoints) {
    problems.warning(directive.name, "'ignore empty_service' has no effect with 'noendpoints'", {
      expected: 'one of the two',
    });
    options.ignoreEmptyService = false;
  }
  if (namespacesOption !== undefined && options.namespaceLabels !== undefined) {
    problems.error(namespacesOption, "'namespaces' and 'namespace_labels' cannot be used together", {
      expected: 'one of the two',
    });
  }
  if (options.zones.length > 0 && options.zones.every(isReverseZone)) {
    problems.error(
      directive.name,
      'a zone that is not a reverse zone must be served, since PTR records point into it',
      {
        expected: `${USAGE}, for example kubernetes cluster.local ${options.zones.join(' ')}`,
      },
    );
  }
  const own = options.zones.filter((zone) => !options.multicluster.includes(zone));
  if (own.some(isReverseZone) && own.every(isReverseZone) && options.multicluster.length > 0) {
    problems.error(directive.name, 'PTR records point to names of this cluster, and none of the zones has them', {
      expected: `a zone of this cluster beside them: kubernetes cluster.local ${options.zones.join(' ')}`,
    });
  }
  warnOfUnusedOptions(directive, options.api, problems);
  if (NEIGHBOURS.every((neighbour) => context.usesOf(neighbour).length === 0)) {
    warnOfZonesOutside(directive.args, context);
  }
  return options;
}

/** True for names in the trees of reverse names. */
export function isReverseZone(zone: string): boolean {
  return /(^|\.)(in-addr|ip6)\.arpa\.$/.test(zone);
}

function defaults(zones: readonly string[]): KubernetesOptions {
  return {
    zones,
    fallthrough: [],
    ttl: DEFAULT_TTL,
    pods: 'disabled',
    endpointPodNames: false,
    noEndpoints: false,
    ignoreEmptyService: false,
    zonal: false,
    namespaces: undefined,
    namespaceLabels: undefined,
    labels: undefined,
    multicluster: [],
    api: defaultApiOptions(),
  };
}

/** A selector may stand in several words, as it does in CoreDNS. */
function readSelector(option: Directive, problems: Problems): Selector | undefined {
  const usage = `${option.name.text} SELECTOR, for example environment in (production, qa),tier!=test`;
  if (!expectArguments(option, problems, { min: 1, usage })) return undefined;
  const text = option.args.map((token) => token.text).join(' ');
  const reading = parseSelector(text);
  if (reading.outcome === 'selector') return reading.selector;
  problems.error(
    option.args[0] ?? option.name,
    `in '${text}', at character ${reading.position + 1}: ${reading.reason}`,
    {
      expected: usage,
    },
  );
  return undefined;
}

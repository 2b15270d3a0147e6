/**
 * The labels that plugins give values for, and what is said to whoever asks for one that has none: there is no error when a query
 * comes, but a value that is empty for everybody.
 */
import type { Directive, Token } from '../../corefile/corefile.ts';
import { nearestWord } from '../../corefile/nearest.ts';
import { shorten } from '../../corefile/problems.ts';
import type { ConfigureContext } from '../plugin.ts';

/** Of the pod that asks. */
const CLIENT = ['kubernetes/client-namespace', 'kubernetes/client-pod-name'];

/** By the directive that gives them: `kubernetes` in kubernetes/metadata.ts. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  kubernetes: [
    ...['kind', 'namespace', 'service', 'endpoint', 'cluster', 'port-name', 'protocol', 'zone', 'parse-error'].map(
      (name) => `kubernetes/${name}`,
    ),
    ...CLIENT,
  ],
  view: ['view/name'],
  forward: ['forward/upstream'],
};

/** Begins labels whose values are not kept, and which therefore never have one. */
const CLIENT_LABEL = 'kubernetes/client-label/';

/** What is wrong with a label in any block; undefined for nothing. */
export function faultOfLabel(label: string): string | undefined {
  if (!label.includes('/')) return `'${label}' is no label of metadata: it has no /`;
  return label.startsWith(CLIENT_LABEL) ? `labels of pods are not kept, so that '${label}' has no value` : undefined;
}

/** Warns of each label that has no value in this block, once for what stands at one place. */
export function warnOfLabels(
  labels: Iterable<string>,
  at: Token,
  { problems, usesOf }: Pick<ConfigureContext, 'problems' | 'usesOf'>,
): void {
  for (const label of labels) {
    const fault = faultOfLabel(label);
    const giver = Object.keys(LABELS).find((directive) => LABELS[directive]?.includes(label));
    if (fault !== undefined) {
      problems.warning(at, fault, { expected: 'another label' });
    } else if (giver === undefined) {
      const nearest = nearestWord(label, Object.values(LABELS).flat());
      const hint = nearest === undefined ? {} : { suggestion: nearest };
      problems.warning(at, `nothing gives a value for '${shorten(label)}': it is empty`, hint);
    } else if (usesOf('metadata').length === 0) {
      problems.warning(at, `'${label}' is empty, as nothing collects metadata`, {
        expected: "a line 'metadata' in this block",
      });
    } else if (usesOf(giver).length === 0) {
      problems.warning(at, `'${label}' is empty without '${giver}'`, { expected: `'${giver}' in this block` });
    } else if (CLIENT.includes(label) && !usesOf('kubernetes').some(verifiesPods)) {
      problems.warning(at, `'${label}' is empty, as it is not known which pod asks`, {
        expected: "'pods verified' of 'kubernetes'",
      });
    }
  }
}

function verifiesPods({ block }: Directive): boolean {
  return block?.some(({ name, args }) => name.text === 'pods' && args[0]?.text === 'verified') === true;
}

/** What a view shows of the namespaces of a cluster. */
import { describe, expect, it } from 'vitest';
import { type Fact, FactCounters, namespaceFact } from '../../src/cluster/facts.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { ClusterView, type ViewOptions } from '../../src/cluster/view.ts';
import { Name } from '../../src/dns/name.ts';

function viewOf(options: Partial<ViewOptions>): ClusterView {
  const state = new ClusterState(new FactCounters(), () => 0);
  state.setNamespace({ name: 'shop', labels: { tier: 'front' } });
  state.setNamespace({ name: 'bank', labels: {} });
  return new ClusterView(state, {
    primaryZone: Name.root,
    ttl: 5,
    pods: 'disabled',
    endpointPodNames: false,
    noEndpoints: false,
    ignoreEmptyService: false,
    zonal: false,
    namespaces: undefined,
    namespaceLabels: undefined,
    ...options,
  });
}

function shown(view: ClusterView): readonly string[] {
  return ['shop', 'bank', 'nowhere'].filter((name) => view.shows({ dependsOn: () => undefined }, name));
}

describe('a view shows', () => {
  it('all namespaces that exist', () => {
    expect(shown(viewOf({}))).toEqual(['shop', 'bank']);
  });

  it('of those that are named the ones that exist', () => {
    expect(shown(viewOf({ namespaces: new Set(['bank', 'nowhere']) }))).toEqual(['bank']);
    expect(shown(viewOf({ namespaces: new Set() }))).toEqual([]);
  });

  it('those whose labels are selected', () => {
    expect(shown(viewOf({ namespaceLabels: (labels) => labels['tier'] === 'front' }))).toEqual(['shop']);
  });

  it('and rests on the namespace wherever it looked at it', () => {
    const facts: Fact[] = [];
    const asker = { dependsOn: (fact: Fact) => facts.push(fact) };
    viewOf({}).shows(asker, 'nowhere');
    viewOf({ namespaceLabels: () => false }).shows(asker, 'shop');
    viewOf({ namespaces: new Set() }).shows(asker, 'bank');
    expect(facts).toEqual([namespaceFact('nowhere'), namespaceFact('shop')]);
  });
});

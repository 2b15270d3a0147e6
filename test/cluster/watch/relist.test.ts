/** A list that takes the place of what the state holds, without anybody ever seeing half of it. */
import { describe, expect, it } from 'vitest';
import { FactCounters } from '../../../src/cluster/facts.ts';
import { NOBODY } from '../../../src/cluster/facts.ts';
import { endpointSlices, services } from '../../../src/cluster/watch/resources.ts';
import { Relist } from '../../../src/cluster/watch/relist.ts';
import { ClusterState } from '../../../src/cluster/state.ts';
import { makeService, makeSlice } from '../objects.ts';

function newState(): ClusterState {
  return new ClusterState(new FactCounters(), () => 0);
}

describe('a list in the place of what was', () => {
  it('changes nothing before its end, and then what differs', () => {
    const state = newState();
    for (const name of ['gone', 'same', 'changed']) state.setService(makeService({ name, clusterIPs: ['10.0.0.1'] }));
    const relist = new Relist(services, state, false);
    const { changes } = state;
    relist.add(makeService({ name: 'same', clusterIPs: ['10.0.0.1'] }));
    relist.add(makeService({ name: 'changed', clusterIPs: ['10.0.0.2'] }));
    relist.add(makeService({ name: 'new', clusterIPs: ['10.0.0.3'] }));
    expect([state.changes, relist.size]).toEqual([changes, 3]);
    for (const _ of relist.finish());
    expect([...state.services()].map(({ name }) => name).toSorted()).toEqual(['changed', 'new', 'same']);
    expect(state.heldService('default', 'changed')?.clusterIPs).toEqual([Uint8Array.of(10, 0, 0, 2)]);
    // Three Services are others than before: the one that is the same was left alone.
    expect(state.changes).toBe(changes + 3);
  });

  it('keeps endpoints that moved from one slice to another, at every moment', () => {
    const state = newState();
    state.setService(makeService({ name: 'web', kind: 'headless' }));
    state.setEndpointSlice(makeSlice({ name: 'web-a', service: 'web', addresses: ['10.1.0.1'] }));
    state.setEndpointSlice(makeSlice({ name: 'other-a', service: 'other', addresses: ['10.1.0.9'] }));
    const relist = new Relist(endpointSlices, state, false);
    relist.add(makeSlice({ name: 'other-a', service: 'other', addresses: ['10.1.0.8'] }));
    relist.add(makeSlice({ name: 'web-b', service: 'web', addresses: ['10.1.0.1'] }));
    for (const _ of relist.finish()) {
      const web = state.service(NOBODY, 'default', 'web');
      expect(web && [...state.endpointsOf(web).addresses(4)]).toEqual([10, 1, 0, 1]);
    }
    expect([...state.endpointSlices()].map(({ name }) => name).toSorted()).toEqual(['other-a', 'web-b']);
  });

  it('takes back what goes while it is under way', () => {
    const state = newState();
    state.setService(makeService({ name: 'held' }));
    const relist = new Relist(services, state, false);
    for (const name of ['held', 'brief']) relist.add(makeService({ name }));
    for (const name of ['held', 'brief', 'unheard']) relist.remove({ namespace: 'default', name });
    for (const _ of relist.finish());
    expect([...state.services()]).toEqual([]);
  });

  it('is the state at once while nothing is answered from it, and removes what an earlier attempt left', () => {
    const state = newState();
    state.setService(makeService({ name: 'left' }));
    const relist = new Relist(services, state, true);
    relist.add(makeService({ name: 'first' }));
    expect(state.heldService('default', 'first')).toBeDefined();
    for (const _ of relist.finish());
    expect([...state.services()].map(({ name }) => name)).toEqual(['first']);
  });
});

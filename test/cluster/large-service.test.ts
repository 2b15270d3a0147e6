/** A headless Service of thousands of endpoints: what a question about it costs has a bound. */
import { describe, expect, it } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { findRecords } from '../../src/cluster/records.ts';
import type { Asked } from '../../src/cluster/found.ts';
import { parseClusterName } from '../../src/cluster/names.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { ClusterView } from '../../src/cluster/view.ts';
import { listZone } from '../../src/cluster/zone-records.ts';
import { Flag, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { MessageWriter } from '../../src/dns/writer.ts';
import { makeService, makeSlice } from './objects.ts';

const ZONE = Name.fromText('cluster.local');
const http = { name: 'http', protocol: 'tcp', number: 80 };
const grpc = { name: 'grpc', protocol: 'tcp', number: 81 };
const nobody = { dependsOn: () => undefined };

function viewOf(endpoints: number): ClusterView {
  const state = new ClusterState(new FactCounters(), () => 0);
  state.setNamespace({ name: 'default', labels: {} });
  state.setService(makeService({ kind: 'headless' }));
  for (let first = 0; first < endpoints; first += 1_000) {
    const count = Math.min(1_000, endpoints - first);
    const addresses = Array.from({ length: count }, (_, i) => `10.244.${(first + i) >> 8}.${(first + i) & 255}`);
    state.setEndpointSlice(makeSlice({ name: `web-${first}`, addresses, ports: [http, grpc] }));
  }
  return new ClusterView(state, {
    primaryZone: ZONE,
    ttl: 5,
    pods: 'disabled',
    endpointPodNames: false,
    noEndpoints: false,
    ignoreEmptyService: false,
    zonal: false,
    namespaces: undefined,
    namespaceLabels: undefined,
  });
}

function find(
  view: ClusterView,
  text: string,
  type: number,
): { readonly asked: Asked; readonly sets: readonly RRset[] } {
  const owner = Name.fromText(text);
  const asked = { owner, name: parseClusterName(owner, ZONE, false), type, zone: ZONE };
  const found = findRecords(nobody, view, asked);
  if (found.kind !== 'records') throw new Error(`${text} gives ${found.kind}`);
  return { asked, sets: [...found.answers, ...found.additional] };
}

function services(sets: readonly RRset[]): readonly unknown[] {
  return sets.flatMap((set) => (set.kind === 'srv' ? set.services : []));
}

describe('SRV of 5,000 endpoints', () => {
  const view = viewOf(5_000);

  it.each(['web.default.svc.cluster.local', '_http._tcp.web.default.svc.cluster.local'])(
    'bug: %s made a record for each endpoint, though no message holds a third of them',
    (name) => {
      const { asked, sets } = find(view, name, Type.SRV);
      expect(services(sets).length).toBeLessThan(1_500);
      expect(sets).toHaveLength(1);
      const target = new Uint8Array(65_535);
      const outgoing = { id: 0, flags: 0, rcode: 0, authority: [], additional: [], edns: undefined };
      const question = { name: asked.owner, type: asked.type, class: 1 };
      const length = new MessageWriter().write(target, target.length, { ...outgoing, question, answers: sets });
      const flags = ((target[2] ?? 0) << 8) | (target[3] ?? 0);
      expect(flags & Flag.TC).toBe(Flag.TC);
      expect(length).toBeGreaterThan(65_400);
    },
  );

  it('what all messages can hold is complete: each record once, with its glue', () => {
    const { sets } = find(viewOf(300), 'web.default.svc.cluster.local', Type.SRV);
    expect(services(sets)).toHaveLength(600);
    expect(sets).toHaveLength(301);
    expect(services(sets)[0]).toMatchObject({ priority: 0, weight: 1, port: 80 });
  });

  it('the weight counts all pairs, those that are not made too', () => {
    const few = find(viewOf(20), 'web.default.svc.cluster.local', Type.SRV);
    expect(services(few.sets)[0]).toMatchObject({ weight: 2 });
  });

  it('one endpoint of them is found by its label, and all addresses are given', () => {
    const one = find(view, '10-244-3-7.web.default.svc.cluster.local', Type.SRV);
    expect(services(one.sets)).toHaveLength(2);
    const [all] = find(view, '_grpc._tcp.web.default.svc.cluster.local', Type.A).sets;
    expect(all).toMatchObject({ kind: 'address', octets: { length: 20_000 } });
  });
});

describe('a zone with 40,000 endpoints of one Service', () => {
  const ENDPOINTS = 40_000;
  /** Labels of `10-244-0-0.web.default.svc.cluster.local`. */
  const OF_AN_ENDPOINT = 6;
  /** Milliseconds: many times what a single pass over them takes, and far below what one for each of them does. */
  const ONE_PASS = 3_000;

  it('has each of them, listed in one pass', () => {
    const view = viewOf(ENDPOINTS);
    const begun = performance.now();
    const records = listZone(view, ZONE);
    const owners = new Set<string>();
    for (let next = records.next(); next.done !== true; next = records.next()) {
      const { owner, type } = next.value;
      if (type === Type.A && owner.labelCount === OF_AN_ENDPOINT) owners.add(owner.key);
    }
    expect(performance.now() - begun).toBeLessThan(ONE_PASS);
    expect(owners.size).toBe(ENDPOINTS);
  });
});

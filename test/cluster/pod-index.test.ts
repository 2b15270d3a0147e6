/** PodIndex: what a Map of objects would answer, in less memory, whatever came and went before. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../src/cluster/objects.ts';
import { PodIndex } from '../../src/cluster/pod-index.ts';

const namespace = fc.constantFrom('default', 'shop', 'ab', 'a', '');
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('b', 'bc', 'web-7d4b9c6f5-x2k9p', 'web-7d4b9c6f5-x2k9q', 'x'.repeat(253)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  // Texts whose length fills their chunks exactly, and one more or less.
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 80 }).map((length) => 'n'.repeat(length)) },
);
const ip = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('10.0.0.1', '10.0.0.2', '255.255.255.255', '0.0.0.0', 'fd00::1', 'FD00::1') },
  // Texts that look like addresses and must not become one.
  {
    weight: 2,
    arbitrary: fc.constantFrom('10.0.0.01', '010.0.0.1', '10.0.0.1.', '10.0.0', '10.0.0.256', '10..0.1', ''),
  },
  { weight: 1, arbitrary: fc.oneof(fc.ipV4(), fc.ipV6()) },
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('set'), pod: fc.record({ namespace, name, ip }) }),
  fc.record({ kind: fc.constant('remove'), pod: fc.record({ namespace, name, ip }) }),
);

/** The plain model: pods by name, and for each address its pods in the order in which they got it. */
class Model {
  readonly pods = new Map<string, Pod>();
  readonly #byAddress = new Map<string, Pod[]>();

  set(pod: Pod): Pod | undefined {
    const before = this.pods.get(key(pod));
    if (before?.ip === pod.ip) return before;
    this.remove(pod);
    this.pods.set(key(pod), pod);
    this.#byAddress.set(pod.ip, [...this.at(pod.ip), pod]);
    return before;
  }

  remove(pod: Pod): Pod | undefined {
    const held = this.pods.get(key(pod));
    if (held === undefined) return undefined;
    this.pods.delete(key(pod));
    this.#byAddress.set(
      held.ip,
      this.at(held.ip).filter((other) => other !== held),
    );
    return held;
  }

  at(address: string): Pod[] {
    return this.#byAddress.get(address) ?? [];
  }
}

function key(pod: Pod): string {
  return JSON.stringify([pod.namespace, pod.name]);
}

function sorted(pods: Iterable<Pod>): readonly Pod[] {
  return [...pods].toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

const podOf = (i: number, address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`): Pod => ({
  namespace: `ns-${i % 7}`,
  name: `web-${i}`,
  ip: address,
});

describe('PodIndex', () => {
  it('answers as a Map of objects does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const index = new PodIndex();
        const model = new Model();
        for (const { kind, pod } of steps) {
          if (kind === 'set') expect(index.set(pod)).toEqual(model.set(pod));
          else expect(index.remove(pod.namespace, pod.name)).toEqual(model.remove(pod));
          expect(index.size).toBe(model.pods.size);
          expect(index.at(pod.ip)).toEqual(model.at(pod.ip));
          const isThere = model.at(pod.ip).some((other) => other.namespace === pod.namespace);
          expect(index.isAt(pod.namespace, pod.ip)).toBe(isThere);
        }
        expect(sorted(index.pods())).toEqual(sorted(model.pods.values()));
        for (const { pod } of steps) {
          expect(index.get(pod.namespace, pod.name)).toEqual(model.pods.get(key(pod)));
          expect(index.at(pod.ip)).toEqual(model.at(pod.ip));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('holds many pods, and none after they are removed', () => {
    const index = new PodIndex();
    const pods = Array.from({ length: 20_000 }, (_, i) => podOf(i));
    for (const pod of pods) index.set(pod);
    expect(index.size).toBe(pods.length);
    for (const pod of pods) {
      expect(index.at(pod.ip)).toEqual([pod]);
      expect(index.remove(pod.namespace, pod.name)).toEqual(pod);
      expect(index.at(pod.ip)).toEqual([]);
    }
    expect(index.size).toBe(0);
    expect([...index.pods()]).toEqual([]);
  });

  it('keeps the order of pods that share the address of their node, whichever goes', () => {
    const index = new PodIndex();
    const pods = Array.from({ length: 300 }, (_, i) => podOf(i, '192.168.0.1'));
    for (const pod of pods) index.set(pod);
    const rest = [...pods];
    for (const at of [0, 298, 150, 0, 7]) {
      const [gone] = rest.splice(at, 1);
      expect(index.remove(gone?.namespace ?? '', gone?.name ?? '')).toEqual(gone);
      expect(index.at('192.168.0.1')).toEqual(rest);
    }
  });

  it('gives each pod that stays once, whatever comes and goes meanwhile', () => {
    const index = new PodIndex();
    const staying = Array.from({ length: 500 }, (_, i) => podOf(i));
    for (const pod of staying) index.set(pod);
    for (let i = 1000; i < 1200; i++) index.set(podOf(i));
    const seen: Pod[] = [];
    let coming = 2000;
    for (const pod of index.pods()) {
      seen.push(pod);
      index.remove(...nameOf(podOf(1000 + (seen.length % 200))));
      // No more than go: else there would be always one more.
      if (seen.length < 300) index.set(podOf(coming++));
    }
    const names = new Set(staying.map(key));
    expect(sorted(seen.filter((pod) => names.has(key(pod))))).toEqual(sorted(staying));
  });

  it('takes at most 100 octets for a pod', () => {
    const index = new PodIndex();
    for (let i = 0; i < 150_000; i++) {
      const suffix = i.toString(36).padStart(5, '0');
      index.set({ ...podOf(i), name: `web-7d4b9c6f5-${suffix}` });
    }
    expect(index.size).toBe(150_000);
    expect(index.memory / index.size).toBeLessThan(100);
  });

  it('takes no more memory for pods that come and go', () => {
    const index = new PodIndex();
    const live = 1_000;
    // Names, namespaces and addresses are always new ones; lengths change from short to long and back.
    const pod = (i: number): Pod => ({
      namespace: `ns-${i}`,
      name: `web-${'x'.repeat(i % 40)}-${i}`,
      ip: i % 3 === 0 ? `fd00::${(i % 65_536).toString(16)}` : podOf(i).ip,
    });
    for (let i = 0; i < live; i++) index.set(pod(i));
    for (let i = live; i < 10_000; i++) exchange(index, pod(i), pod(i - live));
    const before = index.memory;
    for (let i = 10_000; i < 200_000; i++) exchange(index, pod(i), pod(i - live));
    expect(index.size).toBe(live);
    expect(index.memory).toBe(before);
  });
});

function nameOf(pod: Pod): [string, string] {
  return [pod.namespace, pod.name];
}

function exchange(index: PodIndex, coming: Pod, going: Pod): void {
  index.remove(...nameOf(going));
  index.set(coming);
}

/** What the watch says: when, how often, and how much of it. */
import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../src/cluster/watch/backoff.ts';
import { Complaints } from '../../../src/cluster/watch/complaints.ts';
import { Trouble } from '../../../src/cluster/watch/trouble.ts';

describe('the time to the next try', () => {
  it('doubles from 0.8 s to 30 s, with jitter, and begins anew after a success', () => {
    const least = new Backoff(800, 30_000, () => 0);
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => least.next())).toEqual([
      800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
    ]);
    least.reset();
    expect(least.next()).toBe(800);
    const most = new Backoff(800, 30_000, () => 0.999_999);
    expect(most.next()).toBeCloseTo(1600, 0);
    for (let i = 0; i < 2000; i++) most.next();
    expect(most.next()).toBe(30_000);
  });
});

describe('complaints about objects', () => {
  const path = ['spec', 'clusterIP'];

  function complaining() {
    const lines: string[] = [];
    const clock = { now: 0 };
    const complaints = new Complaints(
      'services',
      () => clock.now,
      (line) => lines.push(line),
    );
    const about = (name: string, ...messages: readonly string[]): readonly string[] => {
      lines.length = 0;
      complaints.about(
        { namespace: 'shop', name },
        messages.map((message) => ({ path, message })),
      );
      return [...lines];
    };
    return { about, clock };
  }

  it('name the object and the field, once, and again after a minute where something else is wrong', () => {
    const { about, clock } = complaining();
    expect(about('web', 'is no IP address')).toEqual(['services shop/web: spec.clusterIP: is no IP address']);
    expect(about('web', 'is no IP address')).toEqual([]);
    expect(about('web', 'is a list')).toEqual([]);
    expect(about('web')).toEqual([]);
    expect(about('web', 'is a list')).toEqual([]);
    clock.now = 60_000;
    expect(about('web', 'is a list')).toEqual(['services shop/web: spec.clusterIP: is a list']);
    clock.now = 600_000;
    expect(about('web', 'is a list')).toEqual([]);
  });

  it('are one line of three faults at most', () => {
    expect(complaining().about('many', 'a', 'b', 'c', 'd', 'e')).toEqual([
      'services shop/many: spec.clusterIP: a; spec.clusterIP: b; spec.clusterIP: c; and 2 more',
    ]);
  });

  it('are so many in a minute, the last of which says so', () => {
    const { about, clock } = complaining();
    const lines = Array.from({ length: 5_000 }, (_, i) => about(`object-${i}`, 'x')).flat();
    expect(lines).toHaveLength(200);
    expect(lines.at(-1)).toBe('services: further faults are not told in this minute');
    clock.now = 60_000;
    expect(about('object-4000', 'x')).toHaveLength(1);
  });
});

describe('trouble with the API server', () => {
  it('is told when its cause shows, once a minute while it lasts, and when it is over', () => {
    const lines: string[] = [];
    let now = 0;
    const trouble = new Trouble(
      'pods',
      () => now,
      (severity, line) => lines.push(`${severity} ${line}`),
    );
    trouble.over();
    trouble.failed('it refuses', 900);
    now = 10_000;
    trouble.failed('it refuses', 1_600);
    trouble.failed('it is silent', 3_000);
    now = 75_000;
    trouble.failed('it is silent', 30_000);
    now = 80_000;
    trouble.over();
    trouble.over();
    trouble.failed('it refuses', 800);
    expect(lines).toEqual([
      'warning pods: it refuses; trying again in 0.9 s',
      'warning pods: it is silent; trying again in 3.0 s',
      'warning pods: it is silent, for 75 s now; trying again in 30.0 s',
      'info pods: in step again after 80 s',
      'warning pods: it refuses; trying again in 0.8 s',
    ]);
  });
});

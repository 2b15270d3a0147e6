/** Whose name it is: the cluster's or the world's. Findings about search paths, zones, and probes that can be foreseen. */
import { describe, expect, it } from 'vitest';
import { addressesOf, forwardTo, forwarder, questionsTo, upstream } from '../rfc/forwarding.ts';
import { RIGHT, right } from '../support/upstreams/behaviours.ts';
import { parseQuery } from '../support/upstreams/octets.ts';
import { freePort } from '../support/free-port.ts';

const manifests = `
apiVersion: v1
kind: Service
metadata: { name: google, namespace: com }
spec: { clusterIP: 10.96.0.81, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.10, ports: [{ port: 80 }] }
`;

const HINFO = 13;

describe('GHSA-h828-v5pv-33qx and CVE-2022-2837', () => {
  it('CVE-2022-2837: with a namespace that is called com, names of the Internet still come from upstreams', async () => {
    const world = await upstream(right);
    const { ask } = await forwarder(`searchpath {\nshort_names\n}\nkubernetes cluster.local\n${forwardTo([world])}`, {
      manifests,
    });
    expect(addressesOf(await ask({ ask: 'google.com. A' }))).toEqual([RIGHT]);
    expect(addressesOf(await ask({ ask: 'google.com.svc.cluster.local. A' }))).toEqual(['10.96.0.81']);
  });
});

describe('CVE-2022-2835', () => {
  it('CVE-2022-2835: no name of the cluster is asked for outside, whether it exists or not', async () => {
    const world = await upstream(right);
    const { ask } = await forwarder(`kubernetes cluster.local\ncache 30\n${forwardTo([world])}`, { manifests });
    const outcomes = [];
    for (const name of ['web.shop.svc', 'missing.shop.svc', 'web.nowhere.svc', 'svc', 'WEB.shop.SVC', 'a.b.c.d']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      outcomes.push((await ask({ ask: `${name}.Cluster.LOCAL. A` })).rcode);
    }
    expect(outcomes).toEqual(['NOERROR', 'NXDOMAIN', 'NXDOMAIN', 'NOERROR', 'NOERROR', 'NXDOMAIN']);
    expect(questionsTo(world)).toEqual([]);
  });
});

describe('CVE-2026-33489', () => {
  it('CVE-2026-33489: a name that only ends with the same letters as the zone is not in it', async () => {
    const world = await upstream(right);
    const { ask } = await forwarder(`kubernetes cluster.local\n${forwardTo([world], 'except cluster.local')}`, {
      manifests,
    });
    expect(addressesOf(await ask({ ask: 'web.shop.svc.notcluster.local. A' }))).toEqual([RIGHT]);
    expect(questionsTo(world).map((query) => parseQuery(query).name)).toEqual(['web.shop.svc.notcluster.local.']);
  });
});

describe('CVE-2026-26018: what `loop` asks for', () => {
  it('CVE-2026-26018: cannot be foreseen, and nobody who guesses makes the server end', async () => {
    const probes: string[] = [];
    for (let start = 0; start < 3; start++) {
      // oxlint-disable-next-line no-await-in-loop -- three servers, one after the other
      const world = await upstream(right);
      // oxlint-disable-next-line no-await-in-loop
      const { ask, log } = await forwarder(`loop\n${forwardTo([world])}`, { defaultPort: await freePort() });
      // oxlint-disable-next-line no-await-in-loop
      await world.until(() => world.queries.some((query) => parseQuery(query).type === HINFO));
      const asked = world.queries.map((query) => parseQuery(query)).filter(({ type }) => type === HINFO);
      for (const { name } of asked) probes.push(name.toLowerCase());
      // The names of earlier starts, and what CoreDNS's would look like: two numbers.
      for (const guess of [...probes.slice(0, start), '1234567890123456789.9876543210987654321.', '1.2.']) {
        for (let time = 0; time < 4; time++) {
          // oxlint-disable-next-line no-await-in-loop
          expect((await ask({ ask: `${guess} HINFO` })).rcode).toBe('NOERROR');
        }
      }
      expect(log.count('Loop (')).toBe(0);
    }
    expect(new Set(probes).size).toBe(probes.length);
    for (const name of probes) expect(name).toMatch(/^[0-9a-f]{16}\.[0-9a-f]{16}\.$/);
  });
});

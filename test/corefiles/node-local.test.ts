/**
 * The caches on nodes that distributions have, in front of a server that runs kubeadm's Corefile: what they answer is
 * what it answers, at each address that they are bound to, and it is asked over TCP alone.
 */
import { describe, expect, it } from 'vitest';
import { questions, said } from './questions.ts';
import { type Serving, alarms, serve } from './serving.ts';
import { nodeCaches } from './stock.ts';

describe.each(nodeCaches)('%s', (name, addresses) => {
  it('answers what the cluster does, through TCP', async () => {
    const cluster = await serve('kubeadm');
    const node = await serve(name, { clusterDns: `127.0.0.1:${cluster.places.dns}` });
    for (const address of addresses) {
      // oxlint-disable-next-line no-await-in-loop -- the second finds what the first left in the caches
      await answersAll(node, address);
    }
    expect(await node.fetched('health')).toEqual({ status: 200, text: 'OK' });
    const { text } = await node.fetched('metrics');
    for (const zone of ['cluster.local.', 'in-addr.arpa.', '.']) {
      expect(text).toContain(
        `coredns_cache_hits_total{server="dns://127.0.0.1:${node.places.dns}",type="success",view="",zones="${zone}"}`,
      );
    }
    const asked = await requestsOf(cluster);
    expect(asked.filter((line) => /proto="tcp".*type="SRV".* 2$/.test(line))).toHaveLength(1);
    // Over UDP it has only its own question, that of `loop`.
    expect(asked.filter((line) => line.includes('proto="udp"') && !line.includes('type="other"'))).toEqual([]);
    expect([...alarms(node.log), ...alarms(cluster.log)]).toEqual([]);
  });
});

async function requestsOf(serving: Serving): Promise<readonly string[]> {
  const { text } = await serving.fetched('metrics');
  return text.split('\n').filter((line) => line.startsWith('coredns_dns_requests_total{'));
}

async function answersAll(node: Serving, address: string): Promise<void> {
  for (const protocol of ['udp', 'tcp'] as const) {
    for (const { what, question, expected } of questions) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as caches are filled
      const reply = await node.ask(protocol, question, address);
      expect(said(reply), what).toEqual(expected);
      for (const record of reply.answers) expect(record.type === 'OPT' || record.ttl <= 30, what).toBe(true);
    }
  }
}

describe('gke-nodelocaldns', () => {
  it('asks the upstream over TCP alone, and a stub domain where it is told to', async () => {
    const node = await serve('gke-nodelocaldns');
    await node.ask('udp', { name: 'www.example.com', type: 'A' });
    expect(node.upstream.asked.udp).toBe(0);
    const reply = await node.ask('udp', { name: 'wiki.acme.local', type: 'A' }, '127.0.0.2');
    expect(said(reply).answers).toEqual(['A 192.0.2.1']);
    expect(node.upstream.asked.udp).toBe(1);
  });
});

/** Every Corefile in manifests/ is read by the program itself, without an error and without a warning. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { configure } from '../../src/server/server.ts';
import { prepare } from '../server/running.ts';
import { startTestServer } from '../support/server.ts';
import { objects, text } from './documents.ts';

const corefiles = objects.flatMap(([place, document]) =>
  document['kind'] === 'ConfigMap' ? [[place, text(document, 'data', 'Corefile')] as const] : [],
);
const corefileOf = (name: string): string =>
  corefiles.find(([place]) => place.endsWith(` ConfigMap/${name}`))?.[1] ?? '';
/** What a kubelet gives a pod in kube-system for the Service `kube-dns`. */
const environment = { KUBE_DNS_SERVICE_HOST: '10.96.0.10' };

it('there are two', () => expect(corefiles).toHaveLength(2));

it.each(corefiles)('%s is read without a word', (_, corefile) => {
  expect(configure({ ...prepare(corefile).start, environment }).remarks).toEqual([]);
});

describe('that of overlays/fresh', () => {
  const corefile = corefileOf('nodens');

  it("is kubeadm's, word for word", () => {
    const kubeadm = fileURLToPath(new URL('../corefiles/kubeadm.Corefile', import.meta.url));
    expect(corefile).toBe(readFileSync(kubeadm, 'utf8'));
  });

  it('answers for the cluster', async () => {
    const manifests = `
kind: Service
apiVersion: v1
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.80, ports: [{ port: 80 }] }
`;
    const server = await startTestServer({ corefile, manifests });
    const question = { type: 'A', name: 'web.shop.svc.cluster.local' } as const;
    const reply = await server.ask(packet.encode({ type: 'query', id: 1, questions: [question] }));
    await server.close();
    expect(packet.decode(Buffer.from(reply ?? [])).answers).toMatchObject([{ type: 'A', data: '10.96.0.80', ttl: 30 }]);
  });
});

describe('that of overlays/node-local', () => {
  const corefile = corefileOf('nodens-node-local');
  const planOf = (written: string, given: Readonly<Record<string, string>>) =>
    configure({ ...prepare(written).start, environment: given }).plan;

  it('serves every name, at the one address of the node', () => {
    const served = planOf(corefile, environment).blocks.flatMap((block) => block.served);
    expect(served.map(({ zone }) => zone.toString())).toEqual(['cluster.local.', 'in-addr.arpa.', 'ip6.arpa.', '.']);
    for (const { at } of served) expect(at).toMatchObject({ address: '169.254.20.10', port: 53 });
  });

  it('says which variable is missing where there is no Service kube-dns', () => {
    expect(() => planOf(corefile, {})).toThrow("the environment variable 'KUBE_DNS_SERVICE_HOST' is not set");
  });
});

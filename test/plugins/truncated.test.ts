/** What an upstream has cut off stays so behind an alias: a client that did not know would take a part for the whole (RFC 2181 §9). */
import { expect, it } from 'vitest';
import { reply } from '../../src/plugins/answer.ts';
import { k8sExternal } from '../../src/plugins/k8s_external/k8s_external.ts';
import { kubernetes } from '../../src/plugins/kubernetes/kubernetes.ts';
import type { Plugin, PluginDirective } from '../../src/plugins/plugin.ts';
import { template } from '../../src/plugins/template/template.ts';
import { makeService } from '../cluster/objects.ts';
import { chained } from './chained.ts';

const forward: Plugin = { name: 'forward', answer: () => reply({ truncated: true, fromUpstream: true }) };
const alias = 'template IN A al.test {\nanswer "{{ .Name }} 60 IN CNAME big.example.org."\n}';

it.each<[string, string, readonly PluginDirective[], string]>([
  ['ExternalName', 'kubernetes cluster.local', [kubernetes], 'alias.default.svc.cluster.local.'],
  ['k8s_external', 'kubernetes cluster.local\nk8s_external x.test', [k8sExternal, kubernetes], 'lb.default.x.test.'],
  ['template', alias, [template], 'a.al.test.'],
])('%s', async (_, lines, directives, name) => {
  const { state, answer, query } = await chained(lines, directives, [forward]);
  state.setNamespace({ name: 'default', labels: {} });
  state.setService(makeService({ name: 'alias', kind: 'external-name', externalName: 'big.example.org' }));
  state.setService(makeService({ name: 'lb', externalAddresses: ['lb.example.org'] }));
  state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
  expect(await answer(query(name))).toMatchObject({ kind: 'reply', truncated: true, answers: [{ kind: 'name' }] });
});

/** Every object in manifests/ has the fields that the Kubernetes API has, of the right types, and none besides. */
import { describe, expect, it } from 'vitest';
import { type JsonObject, files, nameOf, objects, parse, pick, read, text } from './documents.ts';
import { release, violations } from './schema.ts';

/** The API versions that Kubernetes 1.27 to 1.36 serve. */
const apiVersions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  Deployment: 'apps/v1',
  DaemonSet: 'apps/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
};
const isOfCluster = (kind: string): boolean => kind.startsWith('Cluster');

describe('the schema', () => {
  it('is that of Kubernetes 1.36', () => expect(release()).toBe('1.36'));

  const deployment = pick(read('base/deployment.yaml'), 'Deployment/nodens');
  const changed = (from: string, to: string): JsonObject => {
    const changedText = JSON.stringify(deployment).replace(from, to);
    expect(changedText).not.toBe(JSON.stringify(deployment));
    return parse(changedText)[0] ?? {};
  };
  it.each([
    ['"replicas":', '"replica":', '.spec.replica: V1DeploymentSpec has no such field'],
    ['"replicas":2', '"replicas":"2"', '.spec.replicas: no whole number'],
    ['"selector":', '"labels":', '.spec.selector: missing'],
    ['"readOnlyRootFilesystem":true', '"readOnlyRootFilesystem":"true"', /securityContext\.readOnly\S+: no boolean$/],
    ['"value":"0"', '"value":0', '.spec.template.spec.securityContext.sysctls[0].value: no string'],
    ['"memory":"170Mi"', '"memory":170', '.spec.template.spec.containers[0].resources.limits.memory: no string'],
    ['"apiVersion":"apps/v1"', '"apiVersion":"apps/v9"', ': the API has no V9Deployment'],
  ])('refuses %s as %s', (from, to, why) => {
    expect(violations(changed(from, to))).toContainEqual(typeof why === 'string' ? why : expect.stringMatching(why));
  });
});

it('there are manifests, and no file is left out', () => {
  expect(objects.map(([, document]) => nameOf(document)).toSorted()).toEqual([
    'ClusterRole/nodens',
    'ClusterRoleBinding/nodens',
    'ConfigMap/nodens',
    'ConfigMap/nodens-node-local',
    'DaemonSet/nodens-node-local',
    'Deployment/nodens',
    'HorizontalPodAutoscaler/nodens',
    'PodDisruptionBudget/nodens',
    'Service/kube-dns',
    'ServiceAccount/nodens',
    'ServiceAccount/nodens-node-local',
  ]);
  expect(files.length).toBeGreaterThan(objects.length);
});

describe.each(objects)('%s', (_, document) => {
  const kind = text(document, 'kind');
  it('is of an API version that is served', () => expect(document['apiVersion']).toBe(apiVersions[kind]));
  it('has the fields of its type alone', () => expect(violations(document)).toEqual([]));
  it('is in kube-system, unless it is of the whole cluster', () => {
    expect(document).toHaveProperty('metadata.name', expect.stringMatching(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/));
    if (isOfCluster(kind)) expect(document).not.toHaveProperty('metadata.namespace');
    else expect(document).toHaveProperty('metadata.namespace', 'kube-system');
  });
});

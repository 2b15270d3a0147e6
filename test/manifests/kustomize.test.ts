/** The kustomizations: what they refer to is there, and what kubectl makes of them is what is meant for a cluster. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { describeWith } from '../e2e/needs.ts';
import {
  type JsonObject,
  at,
  files,
  kustomizations,
  list,
  manifests,
  nameOf,
  named,
  object,
  parse,
  pick,
  read,
  text,
  texts,
} from './documents.ts';
import { needsKubectl, render } from './kubectl.ts';
import { violations } from './schema.ts';
import { mistakes } from './workloads.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/kubernetes.md', import.meta.url)), 'utf8');
const version = text(parse(readFileSync(join(manifests, '../package.json'), 'utf8'))[0], 'version');
const names = (documents: readonly JsonObject[]): readonly string[] => documents.map(nameOf).toSorted();
const base = [
  'ClusterRole/nodens',
  'ClusterRoleBinding/nodens',
  'Deployment/nodens',
  'PodDisruptionBudget/nodens',
  'ServiceAccount/nodens',
];

describe.each(kustomizations)('%s', (file) => {
  const [kustomization] = read(file);
  const folder = dirname(file);

  it('refers to what is there', () => {
    const referred = ['resources', 'components'].flatMap((field) => texts(kustomization, field));
    for (const path of referred) expect(existsSync(join(manifests, folder, path)), path).toBe(true);
  });

  it('leaves no file of its folder out', () => {
    const beside = files.filter((other) => dirname(other) === folder && other !== file);
    expect(list(kustomization, 'resources')).toEqual(
      expect.arrayContaining(beside.map((other) => other.slice(folder.length + 1))),
    );
  });

  it('names the image of this version', () => {
    const images = list(kustomization, 'images');
    if (images.length > 0)
      expect(named(images, 'nodens')).toEqual({ name: 'nodens', newName: 'nodens', newTag: version });
  });
});

describeWith('kubectl kustomize', needsKubectl, () => {
  const away = mkdtempSync(join(tmpdir(), 'nodens-manifests-'));
  afterAll(() => rmSync(away, { recursive: true }));

  /** Renders a kustomization in a folder beside manifests/, as the page has its readers do. */
  const beside = (name: string, kustomization: string): readonly JsonObject[] => {
    if (!existsSync(join(away, 'manifests'))) {
      cpSync(manifests, join(away, 'manifests'), { recursive: true, filter: (path) => !path.endsWith('/examples') });
    }
    mkdirSync(join(away, name));
    writeFileSync(join(away, name, 'kustomization.yaml'), kustomization);
    return render(join(away, name));
  };
  const rendered = (path: string): readonly JsonObject[] => render(join(manifests, path));
  const deploymentOf = (documents: readonly JsonObject[]): JsonObject => pick(documents, 'Deployment/nodens');
  const withBase = (more: string): string => `resources: [../manifests/base]\n${more}`;

  describe.each(['base', 'overlays/fresh', 'overlays/autoscale', 'overlays/node-local'])('%s', (path) => {
    const documents = rendered(path);

    it('is what an API server takes', () => {
      expect(documents.flatMap((document) => violations(document))).toEqual([]);
      const workloads = documents.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet');
      expect(workloads).toHaveLength(1);
      expect(workloads.flatMap((workload) => [...mistakes(workload)])).toEqual([]);
    });

    it('has an image with a tag in every container', () => {
      const images = documents.flatMap((document) =>
        ['initContainers', 'containers'].flatMap((field) =>
          list(document, 'spec', 'template', 'spec', field).map((container) => text(container, 'image')),
        ),
      );
      expect(images).toContain(`nodens:${version}`);
      for (const image of images) expect(image).toMatch(/^[a-z]+:\d+\.\d+\.\d+$/);
    });
  });

  it('the base has nothing of the operator: no ConfigMap and no Service', () => {
    expect(names(rendered('base'))).toEqual(base);
  });

  it('the base is as its files have it', () => {
    const { spec } = pick(read('base/deployment.yaml'), 'Deployment/nodens');
    const expected = JSON.stringify(spec).replace('"image":"nodens"', `"image":"nodens:${version}"`);
    expect(deploymentOf(rendered('base'))['spec']).toEqual(JSON.parse(expected));
  });

  it('fresh has its own ConfigMap and Service, and mounts that ConfigMap', () => {
    const documents = rendered('overlays/fresh');
    expect(names(documents)).toEqual([...base, 'ConfigMap/nodens', 'Service/kube-dns'].toSorted());
    const volumes = list(deploymentOf(documents), 'spec', 'template', 'spec', 'volumes');
    expect(named(volumes, 'config')).toEqual({ name: 'config', configMap: { name: 'nodens' } });
    expect(named(volumes, 'snapshot')).toHaveProperty('emptyDir');
  });

  it('autoscale leaves the number of replicas to the autoscaler', () => {
    const documents = rendered('overlays/autoscale');
    expect(names(documents)).toEqual([...base, 'HorizontalPodAutoscaler/nodens'].toSorted());
    const deployment = deploymentOf(documents);
    expect(deployment['spec']).not.toHaveProperty('replicas');
    const scaler = pick(documents, 'HorizontalPodAutoscaler/nodens');
    expect(at(scaler, 'spec', 'scaleTargetRef')).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'nodens' });
    expect(at(scaler, 'spec', 'minReplicas')).toBe(2);
    expect(at(scaler, 'spec', 'metrics')).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '500m' } } },
    ]);
  });

  it('pods-verified adds the right to watch pods, and no other', () => {
    const before = list(pick(rendered('base'), 'ClusterRole/nodens'), 'rules');
    const after = beside('pods', withBase('components: [../manifests/components/pods-verified]\n'));
    expect(names(after)).toEqual(base);
    expect(pick(after, 'ClusterRole/nodens')['rules']).toEqual([
      ...before,
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
    ]);
  });

  it('multicluster adds the right to watch ServiceImports, and no other', () => {
    const before = list(pick(rendered('base'), 'ClusterRole/nodens'), 'rules');
    const after = beside('multicluster', withBase('components: [../manifests/components/multicluster]\n'));
    expect(names(after)).toEqual(base);
    expect(pick(after, 'ClusterRole/nodens')['rules']).toEqual([
      ...before,
      { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceimports'], verbs: ['list', 'watch'] },
    ]);
  });

  it('coredns-custom mounts that ConfigMap where there is one, and keeps what is mounted', () => {
    const after = beside('custom', withBase('components: [../manifests/components/coredns-custom]\n'));
    const pod = object(deploymentOf(after), 'spec', 'template', 'spec');
    expect(names(after)).toEqual(base);
    expect([...mistakes(deploymentOf(after))]).toEqual([]);
    expect(named(list(pod, 'volumes'), 'custom-config')).toEqual({
      name: 'custom-config',
      configMap: { name: 'coredns-custom', optional: true },
    });
    const mounts = list(pod, 'containers', 0, 'volumeMounts');
    expect(named(mounts, 'custom-config')).toMatchObject({ mountPath: '/etc/coredns/custom', readOnly: true });
    expect(mounts).toHaveLength(3);
  });

  /** The indented blocks of the page that begin with such a line, without their indentation. */
  const blocks = (beginning: string): readonly string[] =>
    [...page.matchAll(new RegExp(`(?<=\\n\\n)( +)${beginning}\\n(?:\\1.*\\n|\\n(?=\\1))*`, 'gm'))].map(
      ([block, indentation = '']) => block.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
    );

  describe('docs/kubernetes.md', () => {
    it('has kustomizations that do what they say', () => {
      const [forBase, forFresh, ...more] = blocks('apiVersion: kustomize.config.k8s.io/v1beta1');
      expect(more).toEqual([]);
      const image = at(
        deploymentOf(beside('page-base', forBase ?? '')),
        'spec',
        'template',
        'spec',
        'containers',
        0,
        'image',
      );
      expect(image).toBe(`registry.example/nodens:${version}`);
      const documents = beside('page-fresh', forFresh ?? '');
      expect(at(pick(documents, 'Service/kube-dns'), 'spec', 'clusterIP')).toBe('10.96.0.10');
      expect(documents.flatMap((document) => violations(document))).toEqual([]);
    });

    it('has additions to them that do what they say', () => {
      const [components, ...others] = blocks('components:');
      expect(others).toEqual([]);
      expect(
        list(pick(beside('page-components', withBase(components ?? '')), 'ClusterRole/nodens'), 'rules'),
      ).toHaveLength(4);
      const [withoutBudget, forChart, withMemory, ...more] = blocks('patches:');
      expect(more).toEqual([]);
      expect(names(beside('page-budget', withBase(withoutBudget ?? '')))).toEqual(
        base.filter((name) => name !== 'PodDisruptionBudget/nodens'),
      );
      const ofChart = beside('page-chart', withBase(forChart ?? ''));
      expect(ofChart.flatMap((document) => violations(document))).toEqual([]);
      expect([...mistakes(deploymentOf(ofChart))]).toEqual([]);
      const selector = { matchLabels: { dns: 'nodens' } };
      expect(at(deploymentOf(ofChart), 'spec', 'selector')).toEqual(selector);
      expect(at(pick(ofChart, 'PodDisruptionBudget/nodens'), 'spec', 'selector')).toEqual(selector);
      expect(JSON.stringify(ofChart)).not.toMatch(/"(?:labelSelector|selector)":\{"matchLabels":\{"app.kubernetes/);
      expect(JSON.stringify(ofChart).split(JSON.stringify(selector))).toHaveLength(6);
      const enlarged = deploymentOf(beside('page-memory', withBase(withMemory ?? '')));
      expect(at(enlarged, 'spec', 'template', 'spec', 'containers', 0, 'resources', 'limits', 'memory')).toBe('340Mi');
    });
  });
});

it('docs/kubernetes.md names folders that are there', () => {
  const paths = [...page.matchAll(/(?<![\w/]|\w\/)(?:\.\.\/)?(manifests\/[\w/-]+)/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(5);
  for (const path of paths) expect(existsSync(join(manifests, '..', path)), path).toBe(true);
});

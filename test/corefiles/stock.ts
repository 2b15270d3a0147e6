/** The Corefiles of distributions, and what is particular about each. */
import { hostname } from 'node:os';
import type { Question } from 'dns-packet';
import type { Expected } from './questions.ts';

export interface Stock {
  /** The file beside this one. */
  readonly name: string;
  /** Seconds: the TTL of what comes from the cluster. */
  readonly ttl: 5 | 30;
  /** The folder below `custom/` whose files are imported. */
  readonly custom?: string;
  /** Text by the absolute path that the Corefile names. */
  readonly files?: Readonly<Record<string, string>>;
  /** Answers that differ from the shared list, by what is asked there. */
  readonly otherwise?: Readonly<Record<string, Partial<Expected>>>;
  /** What only this one answers. */
  readonly further?: readonly (readonly [Question, Partial<Expected>])[];
}

const a = (name: string): Question => ({ name, type: 'A' });
const whoIsIt: readonly [Question, Partial<Expected>] = [
  { name: 'hostname.bind', type: 'TXT', class: 'CH' },
  { answers: [`TXT ${hostname()}`] },
];

export const stock: readonly Stock[] = [
  { name: 'kubeadm', ttl: 30 },
  { name: 'kubeadm-older', ttl: 30 },
  {
    name: 'deployment',
    ttl: 5,
    // There is no `pods` line.
    otherwise: { 'a pod': { rcode: 'NXDOMAIN', answers: [], authority: ['SOA'] } },
  },
  {
    name: 'kops',
    ttl: 30,
    files: { '/rootfs/etc/hosts': '192.0.2.20 api.internal.demo.k8s.local\n' },
    further: [
      [a('api.internal.demo.k8s.local'), { answers: ['A 192.0.2.20'] }],
      [a('other.demo.k8s.local'), { answers: ['A 192.0.2.1'] }],
    ],
  },
  { name: 'kops-ipv6', ttl: 30 },
  { name: 'minikube', ttl: 30, further: [[a('host.minikube.internal'), { answers: ['A 192.168.49.1'] }]] },
  {
    name: 'k3s',
    ttl: 5,
    files: { '/etc/coredns/NodeHosts': '192.0.2.11 node-1\n' },
    further: [[a('node-1'), { answers: ['A 192.0.2.11'] }]],
  },
  {
    name: 'k3s',
    ttl: 5,
    custom: 'k3s',
    files: { '/etc/coredns/NodeHosts': '192.0.2.11 node-1\n' },
    further: [
      [a('shop.example.test'), { answers: ['A 10.96.0.80'] }],
      [a('nas.lab.example.test'), { answers: ['A 192.0.2.33'] }],
    ],
  },
  { name: 'rke2', ttl: 30 },
  { name: 'helm', ttl: 30 },
  { name: 'eks', ttl: 5 },
  {
    name: 'aks',
    ttl: 30,
    further: [
      [a('mcr.example.com.vnet.region.internal.cloudapp.net'), { rcode: 'NXDOMAIN' }],
      [a('vm.vnet.region.internal.cloudapp.net'), { answers: ['A 192.0.2.1'] }],
      [a('example.reddog.microsoft.com'), { rcode: 'NXDOMAIN' }],
    ],
  },
  {
    name: 'aks',
    ttl: 30,
    custom: 'aks',
    further: [
      [a('example2.test'), { answers: ['A 10.0.0.2'] }],
      [a('nginx.mydomain.test'), { answers: ['A 10.96.0.80'] }],
      [a('mcr.example.com.vnet.region.internal.cloudapp.net'), { answers: ['A 192.0.2.1'] }],
    ],
  },
  { name: 'openshift', ttl: 5, further: [whoIsIt] },
  { name: 'openshift-tls', ttl: 5, further: [whoIsIt] },
  {
    name: 'openshift-ipv6filter',
    ttl: 5,
    // A question for all types is one for AAAA too.
    otherwise: {
      'a family that a Service does not have': { authority: [] },
      'everything of a Service': { authority: [] },
      'everything of a name outside of the cluster': { answers: [] },
      'its other family': { answers: [] },
    },
    further: [whoIsIt],
  },
  {
    name: 'microshift',
    ttl: 5,
    files: { '/tmp/hosts/hosts': '192.0.2.44 camera.factory.test\n' },
    further: [whoIsIt, [a('camera.factory.test'), { answers: ['A 192.0.2.44'] }]],
  },
  {
    name: 'gardener',
    ttl: 30,
    further: [
      [a('nginx.default.svc.cluster.local.svc.cluster.local'), { answers: ['A 10.96.0.80'] }],
      [a('www.gardener.cloud.svc.cluster.local'), { answers: ['A 192.0.2.1'] }],
    ],
  },
  { name: 'gardener', ttl: 30, custom: 'gardener' },
  { name: 'cce', ttl: 5 },
];

/** Caches on nodes, with the addresses that they are bound to once they have been moved. */
export const nodeCaches = [
  ['nodelocaldns', ['127.0.0.1', '127.0.0.2']],
  ['gke-nodelocaldns', ['127.0.0.1', '127.0.0.2']],
  ['kops-nodelocaldns', ['127.0.0.1']],
] as const;

/** Every Corefile of a distribution that there is. */
export const names: readonly string[] = [
  ...new Set(stock.map(({ name }) => name)),
  ...nodeCaches.map(([name]) => name),
];

/**
 * The base against what kubeadm installs for CoreDNS, row by row: what takes its place is scheduled, probed, limited and
 * reached as it was. Where the base differs on purpose, the row says so.
 */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { at, list, named, object, pick, read } from './documents.ts';

const deployment = pick(read('base/deployment.yaml'), 'Deployment/nodens');
const pod = object(deployment, 'spec', 'template', 'spec');
const [container] = list(pod, 'containers');
const service = pick(read('overlays/fresh/service.yaml'), 'Service/kube-dns');

/** What CoreDNS's Deployment and the Service `kube-dns` select. */
const SERVICE_SELECTOR = { 'k8s-app': 'kube-dns' };

describe('the Deployment', () => {
  it('has two replicas, in kube-system', () => {
    expect(at(deployment, 'metadata', 'namespace')).toBe('kube-system');
    expect(at(deployment, 'spec', 'replicas')).toBe(2);
  });

  it('never has fewer of them in a rolling update', () => {
    expect(at(deployment, 'spec', 'strategy')).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
  });

  it('is not taken for CoreDNS by kubeadm, which looks for Deployments with that label', () => {
    expect(object(deployment, 'metadata', 'labels')).not.toHaveProperty('k8s-app');
  });

  it("selects nothing that is CoreDNS's, while the Service selects its pods", () => {
    const labels = object(deployment, 'spec', 'template', 'metadata', 'labels');
    const selector = object(deployment, 'spec', 'selector', 'matchLabels');
    expect(labels).toMatchObject(SERVICE_SELECTOR);
    expect(labels).toMatchObject(selector);
    expect(at(deployment, 'spec', 'selector')).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'nodens' } });
  });
});

describe('its pod', () => {
  it('is critical to the cluster, and runs wherever CoreDNS does', () => {
    expect(pod).toMatchObject({
      priorityClassName: 'system-cluster-critical',
      serviceAccountName: 'nodens',
      dnsPolicy: 'Default',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [
        { key: 'CriticalAddonsOnly', operator: 'Exists' },
        { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
      ],
    });
  });

  it('keeps away from its like: preferred by host, and spread over hosts and zones', () => {
    const like = { matchLabels: { 'app.kubernetes.io/name': 'nodens' } };
    expect(at(pod, 'affinity')).toEqual({
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: like } },
        ],
      },
    });
    // Counted for each revision, or the additional pod of a rolling update finds no place on two nodes.
    const spread = { maxSkew: 1, matchLabelKeys: ['pod-template-hash'], labelSelector: like };
    expect(at(pod, 'topologySpreadConstraints')).toEqual([
      {
        ...spread,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        nodeTaintsPolicy: 'Honor',
      },
      { ...spread, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
    ]);
  });

  it('has longer to end than the program takes, queries in flight included', () => {
    /** The whole stop, in seconds, as docs/kubernetes.md states it. */
    const stop = 25;
    expect(stop * 1000).toBeGreaterThanOrEqual(bounds.stopGrace);
    expect(at(pod, 'terminationGracePeriodSeconds')).toBeGreaterThanOrEqual(stop + 5);
  });

  it('does not keep a node from being removed because of its snapshot', () => {
    expect(
      at(
        deployment,
        'spec',
        'template',
        'metadata',
        'annotations',
        'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes',
      ),
    ).toBe('snapshot');
  });
});

describe('its container', () => {
  it("begins with CoreDNS's arguments", () => {
    expect(at(container, 'args')).toEqual(['-conf', '/etc/coredns/Corefile', '--snapshot', '/var/lib/nodens/snapshot']);
    expect(object(container)).not.toHaveProperty('command');
  });

  it("has CoreDNS's ports, by their names", () => {
    expect(at(container, 'ports')).toEqual([
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
      { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
      { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
      { name: 'liveness-probe', containerPort: 8080, protocol: 'TCP' },
      { name: 'readiness-probe', containerPort: 8181, protocol: 'TCP' },
    ]);
  });

  it("has CoreDNS's resources", () => {
    expect(at(container, 'resources')).toEqual({
      requests: { cpu: '100m', memory: '70Mi' },
      limits: { memory: '170Mi' },
    });
  });

  it('is found alive as CoreDNS is, but not a minute later', () => {
    const httpGet = { path: '/health', port: 'liveness-probe', scheme: 'HTTP' };
    expect(at(container, 'livenessProbe')).toEqual({
      httpGet,
      periodSeconds: 10,
      timeoutSeconds: 5,
      successThreshold: 1,
      failureThreshold: 5,
    });
    expect(at(container, 'startupProbe')).toEqual({
      httpGet,
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: 60,
    });
  });

  it('is found ready as CoreDNS is, within two seconds', () => {
    expect(at(container, 'readinessProbe')).toMatchObject({
      httpGet: { path: '/ready', port: 'readiness-probe', scheme: 'HTTP' },
      periodSeconds: 2,
    });
    expect(at(container, 'readinessProbe')).not.toHaveProperty('initialDelaySeconds');
  });

  it('may do what CoreDNS may, without root', () => {
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    });
    expect(at(pod, 'securityContext')).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
    });
  });

  it("mounts the operator's ConfigMap, read-only, and a place for the snapshot", () => {
    expect(at(container, 'volumeMounts')).toEqual([
      { name: 'config', mountPath: '/etc/coredns', readOnly: true },
      { name: 'snapshot', mountPath: '/var/lib/nodens' },
    ]);
    const volumes = list(pod, 'volumes');
    // All its keys: k3s has NodeHosts in it, other distributions zone files.
    expect(named(volumes, 'config')).toEqual({ name: 'config', configMap: { name: 'coredns' } });
    expect(named(volumes, 'snapshot')).toEqual({ name: 'snapshot', emptyDir: { sizeLimit: '256Mi' } });
  });

  it('knows its own address, for Corefiles that bind to it', () => {
    expect(named(list(container, 'env'), 'POD_IP')).toEqual({
      name: 'POD_IP',
      valueFrom: { fieldRef: { fieldPath: 'status.podIP' } },
    });
  });
});

describe('what the Deployment needs', () => {
  it('list and watch of exactly what is watched, for its own account', () => {
    const rbac = read('base/rbac.yaml');
    expect(pick(rbac, 'ClusterRole/nodens')['rules']).toEqual([
      { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ]);
    expect(pick(rbac, 'ClusterRoleBinding/nodens')).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'nodens' },
      subjects: [{ kind: 'ServiceAccount', name: 'nodens', namespace: 'kube-system' }],
    });
    expect(rbac).toHaveLength(2);
  });

  it('its token is mounted where it is asked for', () => {
    const account = pick(read('base/service-account.yaml'), 'ServiceAccount/nodens');
    expect(account['automountServiceAccountToken']).toBe(false);
    expect(at(pod, 'automountServiceAccountToken')).toBe(true);
  });

  it('one pod at a time may be evicted, and always one that does not answer', () => {
    expect(pick(read('base/pod-disruption-budget.yaml'), 'PodDisruptionBudget/nodens')['spec']).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: { 'app.kubernetes.io/name': 'nodens' } },
    });
  });
});

describe("the Service of overlays/fresh is kubeadm's", () => {
  it('by its labels and annotations', () => {
    expect(at(service, 'metadata')).toEqual({
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
      annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
    });
  });

  it('by its ports', () => {
    expect(at(service, 'spec', 'selector')).toEqual(SERVICE_SELECTOR);
    expect(at(service, 'spec', 'ports')).toEqual([
      { name: 'dns', port: 53, targetPort: 'dns', protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, targetPort: 'dns-tcp', protocol: 'TCP' },
      { name: 'metrics', port: 9153, targetPort: 'metrics', protocol: 'TCP' },
    ]);
  });

  it('but for the address, which is no address until somebody sets it', () => {
    expect(at(service, 'spec', 'clusterIP')).toBe('SET-CLUSTER-IP');
  });
});

/** The cache on each node: what it needs on the host network and no more, and the address that its init container makes. */
import { describe, expect, it } from 'vitest';
import { commands, describeWith, output, right } from '../e2e/needs.ts';
import { at, list, named, number, object, pick, read, text, texts } from './documents.ts';

const set = pick(read('overlays/node-local/daemon-set.yaml'), 'DaemonSet/nodens-node-local');
const pod = object(set, 'spec', 'template', 'spec');
const server = named(list(pod, 'containers'), 'nodens');
const init = named(list(pod, 'initContainers'), 'address');
const ADDRESS = '169.254.20.10';

describe('the DaemonSet', () => {
  it('bears nothing that the Service kube-dns or another Deployment selects', () => {
    expect(at(set, 'spec', 'template', 'metadata', 'labels')).toEqual({
      'app.kubernetes.io/name': 'nodens-node-local',
    });
    expect(at(set, 'metadata', 'labels')).toEqual({ 'app.kubernetes.io/name': 'nodens-node-local' });
  });

  it('is critical to its node, on every node, on its network and with its resolvers', () => {
    expect(pod).toMatchObject({
      priorityClassName: 'system-node-critical',
      hostNetwork: true,
      dnsPolicy: 'Default',
      tolerations: [
        { key: 'CriticalAddonsOnly', operator: 'Exists' },
        { effect: 'NoExecute', operator: 'Exists' },
        { effect: 'NoSchedule', operator: 'Exists' },
      ],
    });
  });

  it('gets the cluster IP of kube-dns in its environment', () => {
    expect(pod['enableServiceLinks']).toBe(true);
    expect(at(set, 'metadata', 'namespace')).toBe('kube-system');
  });

  it('replaces a pod by ending it first: two cannot have one port', () => {
    expect(at(set, 'spec', 'updateStrategy')).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' },
    });
  });

  it('has no right in the cluster', () => {
    expect(pod['automountServiceAccountToken']).toBe(false);
    expect(pick(read('overlays/node-local/service-account.yaml'), 'ServiceAccount/nodens-node-local')).toHaveProperty(
      'automountServiceAccountToken',
      false,
    );
  });
});

describe('the server', () => {
  it('has port 53 by the file capability, without root: pods cannot set the sysctl of the host', () => {
    expect(at(server, 'securityContext')).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      allowPrivilegeEscalation: true,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    });
    expect(object(pod, 'securityContext')).not.toHaveProperty('sysctls');
  });

  it.each(list(server, 'ports').map((port) => [text(port, 'name'), port] as const))(
    'has the port %s on the host, under the same number',
    (name, port) => {
      expect(at(port, 'hostPort')).toBe(at(port, 'containerPort'));
      expect(at(port, 'hostIP')).toBe(name === 'metrics' ? undefined : ADDRESS);
    },
  );

  it('is asked for its health where its Corefile says it', () => {
    const corefile = text(
      pick(read('overlays/node-local/config-map.yaml'), 'ConfigMap/nodens-node-local'),
      'data',
      'Corefile',
    );
    for (const [probe, path, directive] of [
      ['startupProbe', '/health', 'health'],
      ['livenessProbe', '/health', 'health'],
      ['readinessProbe', '/ready', 'ready'],
    ] as const) {
      expect(at(server, probe, 'httpGet')).toMatchObject({ host: ADDRESS, path });
      const port = number(server, probe, 'httpGet', 'port');
      expect(corefile.split('\n').filter((line) => line.trim() === `${directive} ${ADDRESS}:${port}`)).toHaveLength(1);
    }
    const metrics = number(named(list(server, 'ports'), 'metrics'), 'containerPort');
    expect(corefile.match(/^ +prometheus .*$/gm)?.map((line) => line.trim())).toEqual(
      Array.from({ length: 4 }, () => `prometheus :${metrics}`),
    );
  });
});

describe('the init container', () => {
  it('is root with NET_ADMIN, and nothing else', () => {
    expect(at(init, 'securityContext')).toEqual({
      runAsUser: 0,
      runAsGroup: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
    });
  });
});

/** Interfaces that behave alike here; a kernel may lack the first. */
const kinds = ['dummy', 'bridge'];
const within = ['--map-root-user', '--net'];
const kindThere = kinds.find(
  (kind) => output('unshare', ...within, 'ip', 'link', 'add', 'probe', 'type', kind).status === 0,
);
const needs =
  commands('unshare', 'ip', 'sh') ??
  right('a network namespace', 'unshare', ...within, 'true') ??
  (kindThere === undefined ? `the kernel has none of ${kinds.join(', ')}` : undefined);

describeWith('the script of the init container', needs, () => {
  const [shell = '', flags = '', script = ''] = texts(init, 'command');
  const here = script.replace('type dummy', `type ${kindThere}`);
  const show = 'ip -4 -oneline addr show dev nodelocaldns';
  const run = (...steps: readonly string[]): ReturnType<typeof output> =>
    output('unshare', ...within, shell, flags, steps.join('\n'));

  it('makes the address', () => {
    const { text: shown, status } = run(here, show);
    expect(status).toBe(0);
    expect(shown.match(/inet \S+/g)).toEqual([`inet ${ADDRESS}/32`]);
  });

  it('does nothing the second time', () => {
    const { text: shown, status } = run(here, here, show);
    expect(status).toBe(0);
    expect(shown.match(/inet \S+/g)).toEqual([`inet ${ADDRESS}/32`]);
  });

  it('completes what was left half done: the interface without the address', () => {
    const { text: shown, status } = run(`ip link add nodelocaldns type ${kindThere}`, here, show);
    expect(status).toBe(0);
    expect(shown.match(/inet \S+/g)).toEqual([`inet ${ADDRESS}/32`]);
  });

  it('fails where it may not, so that the pod says so', () => {
    const { status } = run(`exec unshare --user ${shell} ${flags} '${here.replaceAll("'", `'"'"'`)}' 2>&1`);
    expect(status).not.toBe(0);
  });
});

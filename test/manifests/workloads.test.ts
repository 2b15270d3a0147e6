/** Each workload in manifests/ is free of mistakes that the schema does not know, and the finding of them finds them. */
import { describe, expect, it } from 'vitest';
import { objects, parse, pick, read, text } from './documents.ts';
import { mistakes, quantity } from './workloads.ts';

const workloads = objects.filter(([, document]) => ['Deployment', 'DaemonSet'].includes(text(document, 'kind')));

it.each(workloads)('%s', (_, workload) => expect([...mistakes(workload)]).toEqual([]));

it('there are two of them', () => expect(workloads).toHaveLength(2));

const deployment = JSON.stringify(pick(read('base/deployment.yaml'), 'Deployment/nodens'));

describe('finds', () => {
  it.each([
    [
      '"selector":{"matchLabels":{"app.kubernetes.io/name":"nodens"',
      '"selector":{"matchLabels":{"app.kubernetes.io/name":"x"',
      'its selector does not fit its own pods',
    ],
    ['"name":"snapshot","emptyDir"', '"name":"other","emptyDir"', 'there is no volume snapshot to mount'],
    ['"name":"snapshot","emptyDir"', '"name":"other","emptyDir"', 'nobody mounts the volume other'],
    ['"emptyDir":{"sizeLimit":"256Mi"}', '"hostPath":{"path":"/"}', 'the volume snapshot is of the host'],
    [
      '"dnsPolicy"',
      '"hostNetwork":true,"dnsPolicy"',
      'a kubelet refuses the sysctl net.ipv4.ip_unprivileged_port_start on the host network',
    ],
    ['net.ipv4.ip_unprivileged_port_start', 'net.core.somaxconn', 'the sysctl net.core.somaxconn is not safe'],
    ['"RuntimeDefault"', '"Unconfined"', 'it has no seccomp profile'],
    ['"port":"readiness-probe"', '"port":"ready"', 'nodens: the readinessProbe asks a port ready that there is not'],
    ['"name":"dns-tcp"', '"name":"dns"', 'nodens: two ports have one name'],
    ['"name":"metrics"', '"name":"metrics-of-nodens"', 'nodens: metrics-of-nodens is no name of a port'],
    ['"timeoutSeconds":5', '"timeoutSeconds":15', 'nodens: the livenessProbe overlaps itself'],
    ['"cpu":"100m"', '"cpu":"100mi"', 'nodens: requests.cpu is no quantity'],
    ['"memory":"70Mi"', '"memory":"1Gi"', 'nodens: it asks for more memory than it may have'],
    [
      '"runAsUser":65532',
      '"runAsUser":0',
      'nodens: it says of itself both that it is root and that it is not, or neither',
    ],
    ['"readOnlyRootFilesystem":true', '"privileged":true', 'nodens: it is privileged'],
    ['"readOnlyRootFilesystem":true,', '', 'nodens: it can write where it should not'],
    ['"allowPrivilegeEscalation":false,', '', 'nodens: allowPrivilegeEscalation is left to the default'],
    ['"drop":["ALL"]', '"drop":["NET_RAW"]', 'nodens: it keeps capabilities that it does not name'],
  ])('%s → %s: %s', (from, to, mistake) => {
    expect(deployment).toContain(from);
    const [changed] = parse(deployment.replace(from, to));
    expect([...mistakes(changed ?? {})]).toContain(mistake);
  });
});

it.each([
  ['100m', 0.1],
  ['2', 2],
  ['0.5', 0.5],
  ['1k', 1000],
  ['170Mi', 178_257_920],
  ['1Gi', 1_073_741_824],
])('the quantity %s', (written, value) => expect(quantity(written)).toBe(value));

it.each(['', 'Mi', '1 Mi', '-1', '170MB', '1,5'])("'%s' is no quantity", (written) => {
  expect(() => quantity(written)).toThrow('is no quantity');
});

/** What every Deployment and DaemonSet must hold, whichever file or overlay it comes from. */
import { type Json, type JsonObject, at, list, object, text } from './documents.ts';

/** The Pod Security Standards' list of sysctls that a pod may set (baseline), as of Kubernetes 1.36, those of IPv4 alone. */
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
]);
/** A quantity of the Kubernetes API: a number, and what it is multiplied with. */
const QUANTITY = /^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i)?$/;
const MULTIPLES: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** @throws Error where it is no quantity */
export function quantity(written: string): number {
  const unit = QUANTITY.exec(written)?.[2];
  if (!QUANTITY.test(written)) throw new Error(`'${written}' is no quantity`);
  return Number.parseFloat(written) * (unit === undefined ? 1 : (MULTIPLES[unit] ?? Number.NaN));
}

const isSubset = (part: JsonObject, of: JsonObject): boolean =>
  Object.entries(part).every(([key, value]) => of[key] === value);

/** Everything that is wrong with a workload; the API server, a kubelet or the scheduler would find most of it late. */
export function* mistakes(workload: JsonObject): Generator<string> {
  const pod = object(workload, 'spec', 'template', 'spec');
  const labels = object(workload, 'spec', 'template', 'metadata', 'labels');
  if (!isSubset(object(workload, 'spec', 'selector', 'matchLabels'), labels))
    yield 'its selector does not fit its own pods';
  const volumes = list(pod, 'volumes').map((volume) => text(volume, 'name'));
  const containers = [...list(pod, 'initContainers'), ...list(pod, 'containers')];
  const mounted = new Set(containers.flatMap((one) => list(one, 'volumeMounts').map((mount) => text(mount, 'name'))));
  for (const name of mounted) if (!volumes.includes(name)) yield `there is no volume ${name} to mount`;
  for (const name of volumes) if (!mounted.has(name)) yield `nobody mounts the volume ${name}`;
  for (const constraint of list(pod, 'topologySpreadConstraints')) {
    if (!isSubset(object(constraint, 'labelSelector', 'matchLabels'), labels))
      yield 'it is spread by labels that it does not bear';
  }
  yield* hostMistakes(pod);
  for (const container of containers) {
    for (const mistake of containerMistakes(container, pod)) yield `${text(container, 'name')}: ${mistake}`;
  }
}

function* hostMistakes(pod: JsonObject): Generator<string> {
  const onHost = pod['hostNetwork'] === true;
  for (const name of ['hostPID', 'hostIPC']) if (name in pod) yield `it has ${name}`;
  for (const volume of list(pod, 'volumes')) {
    if (at(volume, 'hostPath') !== undefined) yield `the volume ${text(volume, 'name')} is of the host`;
  }
  for (const sysctl of list(pod, 'securityContext', 'sysctls')) {
    const name = text(sysctl, 'name');
    if (!SAFE_SYSCTLS.has(name)) yield `the sysctl ${name} is not safe`;
    if (onHost && name.startsWith('net.')) yield `a kubelet refuses the sysctl ${name} on the host network`;
  }
  if (at(pod, 'securityContext', 'seccompProfile', 'type') !== 'RuntimeDefault') yield 'it has no seccomp profile';
}

function* containerMistakes(container: Json, pod: JsonObject): Generator<string> {
  const ports = list(container, 'ports');
  const portNames = ports.map((port) => text(port, 'name'));
  if (new Set(portNames).size < portNames.length) yield 'two ports have one name';
  for (const name of portNames)
    if (!/^(?=.*[a-z])[a-z0-9](-?[a-z0-9])*$/.test(name) || name.length > 15) yield `${name} is no name of a port`;
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const port = at(container, probe, 'httpGet', 'port');
    if (typeof port === 'string' && !portNames.includes(port))
      yield `the ${probe} asks a port ${port} that there is not`;
    if ((at(container, probe, 'timeoutSeconds') ?? 1) > (at(container, probe, 'periodSeconds') ?? 10))
      yield `the ${probe} overlaps itself`;
  }
  for (const kind of ['requests', 'limits']) {
    for (const [name, amount] of Object.entries(object(container, 'resources', kind))) {
      if (typeof amount !== 'string' || !QUANTITY.test(amount)) yield `${kind}.${name} is no quantity`;
    }
  }
  const memory = (kind: string): number => quantity(text(container, 'resources', kind, 'memory'));
  if (memory('requests') > memory('limits')) yield 'it asks for more memory than it may have';
  yield* rightMistakes(object(container, 'securityContext'), pod);
}

function* rightMistakes(rights: JsonObject, pod: JsonObject): Generator<string> {
  const isRoot = (rights['runAsUser'] ?? at(pod, 'securityContext', 'runAsUser')) === 0;
  const isNonRoot = (rights['runAsNonRoot'] ?? at(pod, 'securityContext', 'runAsNonRoot')) === true;
  if (isRoot === isNonRoot) yield 'it says of itself both that it is root and that it is not, or neither';
  if (rights['privileged'] === true) yield 'it is privileged';
  if (rights['readOnlyRootFilesystem'] !== true) yield 'it can write where it should not';
  if (typeof rights['allowPrivilegeEscalation'] !== 'boolean') yield 'allowPrivilegeEscalation is left to the default';
  if (!list(rights, 'capabilities', 'drop').includes('ALL')) yield 'it keeps capabilities that it does not name';
}

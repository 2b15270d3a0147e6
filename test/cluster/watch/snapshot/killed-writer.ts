/**
 * A process that replaces a snapshot again and again until it is killed: the number of Services in the file is always one of
 * the two that it was told. Says `ready` when the first is there.
 */
import { encodeSnapshot } from '../../../../src/cluster/watch/snapshot/encode.ts';
import { replaceFile } from '../../../../src/cluster/watch/snapshot/replace.ts';
import type { SnapshotHeader, SnapshotObjects } from '../../../../src/cluster/watch/snapshot/snapshot.ts';

const HEADER: SnapshotHeader = { cluster: '', scope: '', takenAt: 0, serial: 0, resources: ['services'] };

const [path = '', ...sizes] = process.argv.slice(2);
const states = sizes.map((size) => stateOf(Number(size)));

function stateOf(size: number): SnapshotObjects {
  const service = {
    namespace: 'shop',
    kind: 'headless',
    clusterIPs: [],
    externalName: '',
    ports: [],
    externalAddresses: [],
  } as const;
  const services = Array.from({ length: size }, (_, i) => ({ ...service, name: `web-${i}` }));
  return { namespaces: [], services, endpointSlices: [], pods: [] };
}

for (let i = 0; ; i++) {
  const state = states[i % states.length] ?? stateOf(0);
  // oxlint-disable-next-line no-await-in-loop -- one after another
  await replaceFile(path, encodeSnapshot(HEADER, state), new AbortController().signal);
  if (i === 0) process.stdout.write('ready\n');
}

/**
 * How long a Service takes to be answered after it came to be, and to be gone after it was deleted, while its name is asked
 * without pause and `cache` stands in the block. The state is changed as a watch would change it, in this process.
 */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import packet from 'dns-packet';
import { FactCounters } from '../../src/cluster/facts.ts';
import type { Service } from '../../src/cluster/objects.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { ClusterStores, type StoreLease } from '../../src/cluster/stores.ts';
import { NO_EVENTS } from '../../src/cluster/watch/events.ts';
import { OwnAddresses } from '../../src/server/own-addresses.ts';
import { Server } from '../../src/server/server.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { dgramUdp } from '../../src/transport/udp-transport.ts';
import { LogWriter } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { openNetwork } from '../../src/transport/client/network.ts';

export interface FreshService {
  /** Milliseconds from the change to the first answer that knows of it: the slowest of all changes. */
  readonly created: number;
  readonly deleted: number;
  readonly changes: number;
}

/** Milliseconds that the musts allow. */
export const LIMIT = 10;

const NAME = 'fresh.default.svc.cluster.local';
const DEADLINE = 5_000;

/** A store that holds one state, which is changed from here. */
class OneState extends ClusterStores {
  readonly state: ClusterState;

  constructor(facts: FactCounters, state: ClusterState) {
    super({ facts, now: Date.now, report: () => undefined, events: NO_EVENTS });
    this.state = state;
  }

  override acquire(): Promise<StoreLease> {
    return Promise.resolve({
      state: this.state,
      known: Promise.resolve(),
      flush: () => Promise.resolve(),
      release: () => undefined,
    });
  }
}

export async function freshService(folder: string, changes: number): Promise<FreshService> {
  const facts = new FactCounters();
  const state = new ClusterState(facts, Date.now);
  state.setNamespace({ name: 'default', labels: {} });
  state.markSynced(['services', 'endpointslices', 'namespaces']);
  const corefile = join(folder, 'fresh-service.Corefile');
  writeFileSync(corefile, '. {\n  kubernetes cluster.local\n  cache 30\n}\n');
  const network = openNetwork();
  const server = await Server.start({
    source: { kind: 'file', path: corefile },
    environment: {},
    plan: { defaultPort: 0, bind: ['127.0.0.1'], fixtures: ['state'] },
    parts: {
      facts,
      stores: new OneState(facts, state),
      clock: { now: Date.now, monotonic: () => performance.now() },
      log: new LogWriter({ write: () => true, drained: () => undefined }),
      ownAddresses: new OwnAddresses(facts),
      metrics: new Metrics(),
      network,
      shared: new SharedThings(),
      udp: dgramUdp,
      fatal: (message) => {
        throw new Error(message);
      },
    },
  });
  const hammer = new Hammer(server.listening[0]?.udp?.bound[0]?.port ?? 0);
  try {
    await hammer.until('NXDOMAIN');
    let [created, deleted] = [0, 0];
    for (let i = 0; i < changes; i++) {
      state.setService(service(i));
      // oxlint-disable-next-line no-await-in-loop -- one change after another
      created = Math.max(created, await hammer.until('NOERROR'));
      state.removeService('default', 'fresh');
      // oxlint-disable-next-line no-await-in-loop -- as above
      deleted = Math.max(deleted, await hammer.until('NXDOMAIN'));
    }
    return { created, deleted, changes };
  } finally {
    hammer.close();
    await server.close();
    network.close();
  }
}

function service(i: number): Service {
  return {
    namespace: 'default',
    name: 'fresh',
    kind: 'cluster-ip',
    clusterIPs: [Uint8Array.of(10, 96, i >> 8, i & 0xff)],
    externalName: '',
    ports: [],
    externalAddresses: [],
  };
}

/** Asks for the name again as soon as an answer is there, with several questions under way. */
class Hammer {
  readonly #socket = createSocket('udp4');
  readonly #port: number;
  readonly #request = packet.encode({ id: 1, type: 'query', flags: 0x0100, questions: [{ type: 'A', name: NAME }] });
  #answered: (rcode: string) => void = () => undefined;

  constructor(port: number) {
    this.#port = port;
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (message) => {
      this.#answered(packet.decode(message).rcode);
      this.#ask();
    });
    for (let i = 0; i < 8; i++) this.#ask();
  }

  /** Resolves with the milliseconds from now until an answer has this response code. */
  until(rcode: string): Promise<number> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${rcode} for ${NAME}`)), DEADLINE);
      this.#answered = (seen) => {
        if (seen !== rcode) return;
        this.#answered = () => undefined;
        clearTimeout(timer);
        resolve(performance.now() - began);
      };
    });
  }

  close(): void {
    this.#socket.close();
  }

  #ask(): void {
    this.#socket.send(this.#request, this.#port, '127.0.0.1');
  }
}

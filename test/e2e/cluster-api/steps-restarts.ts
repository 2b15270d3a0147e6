/** Steps: the program is started anew from its snapshot, with and without an API server. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { textOf } from './asker.ts';
import { addressType, clusterIP } from './objects.ts';
import { type Step, type Suite, clusterIPsOf } from './suite.ts';

/** Codes of RFC 8914. */
const STALE_ANSWER = 3;
const STALE_NXDOMAIN = 19;
/** Seconds that a negative answer from a snapshot may be kept, and a positive one (RFC 8767 §4). */
const NEGATIVE_TTL = 5;
const POSITIVE_TTL = 30;

export const restarts: readonly Step[] = [
  {
    title: 'SIGTERM ends the program well and leaves a snapshot',
    run: async (suite) => {
      await suite.stop();
      if (statSync(join(suite.folder, 'snapshot')).size === 0) throw new Error('the snapshot is empty');
    },
  },
  {
    title: 'from the snapshot, without an API server: the same answers, which say that they may be out of date',
    run: async (suite) => {
      const program = await suite.start(await deadKubeconfig(suite));
      await program.port();
      const stale = await suite.expect(suite.name('db'), 'A', ['192.0.2.1']);
      if (stale.ede !== STALE_ANSWER || (stale.ttl ?? Infinity) > POSITIVE_TTL) {
        throw new Error(`a stale answer with TTL ${stale.ttl} says ${textOf(stale)}`);
      }
      const path = `/api/v1/namespaces/${suite.main}/services/web`;
      const web = await suite.api.get(path);
      if (web === undefined) throw new Error(`${path} is gone`);
      await suite.expectAddresses(suite.name('web'), web);
      const negative = await suite.expectNoName(suite.name('absent'));
      if (negative.ede !== STALE_NXDOMAIN || (negative.negativeTtl ?? Infinity) > NEGATIVE_TTL) {
        throw new Error(`a stale answer with a negative TTL of ${negative.negativeTtl} says ${textOf(negative)}`);
      }
      await suite.stop();
    },
  },
  {
    title: 'from the snapshot into step: what changed meanwhile is seen, and what stayed never goes',
    run: async (suite) => {
      const late = await suite.own.create('Service', suite.main, clusterIP('late'));
      await suite.own.delete('Service', suite.main, 'fresh');
      const program = await suite.start();
      await program.port();
      const addresses = clusterIPsOf(late);
      const type = addressType(addresses[0] ?? '');
      const isInStep = async (): Promise<boolean> => {
        const db = await suite.askOnce(suite.name('db'), 'A');
        if (db.answer.join() !== 'A 192.0.2.1') throw new Error(`on the way into step, db gives ${textOf(db)}`);
        const { rcode, ede } = await suite.askOnce(suite.name('late'), type);
        return rcode === 'NOERROR' && ede === undefined;
      };
      const end = performance.now() + 30_000;
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      while (!(await isInStep())) {
        if (performance.now() > end) throw new Error('a Service that was created meanwhile is not there');
      }
      await suite.changes(suite.name('fresh'), type, 'NXDOMAIN');
      const reply = await suite.expect(suite.name('db'), 'A', ['192.0.2.1']);
      if (reply.ede !== undefined) throw new Error(`in step, and still ${textOf(reply)}`);
      await suite.stop();
    },
  },
];

/** A kubeconfig that leads to a port where nobody listens. */
async function deadKubeconfig(suite: Suite): Promise<string> {
  const file = join(suite.folder, 'dead-kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'dead', cluster: { server: `http://127.0.0.1:${await freePort()}` } }],
    users: [{ name: 'dead', user: {} }],
    contexts: [{ name: 'dead', context: { cluster: 'dead', user: 'dead' } }],
    'current-context': 'dead',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/**
 * The bad days of an API server and of the network before it, each with a beginning and an end. What no API server does is not
 * among them, since an answer from it could not be called wrong:
 *
 *     a list or watch that is older than one before it   lists without a resource version are consistent reads, and resource
 *                                                        versions of one cluster never go back
 *     events of one resource out of order, or left out   a watch gives all changes after its resource version, in order
 *     objects that are not those of the cluster          whoever can write them has the cluster
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from '../apiserver/faults.ts';
import type { ResourceName } from '../apiserver/resources.ts';
import type { ApiServer } from '../apiserver/server.ts';
import {
  binary,
  endlessLine,
  garbage,
  internalError,
  noObject,
  notAnEvent,
  nullObject,
  unknownType,
} from '../apiserver/wrong-events.ts';
import type { Random } from '../fuzz/random.ts';
import { RESOURCES } from './history.ts';
import type { Proxy } from './proxy.ts';

export interface Scene {
  readonly api: ApiServer;
  readonly proxy: Proxy;
  readonly random: Random;
  /** Ends waits when the campaign is over. */
  readonly signal: AbortSignal;
}

export interface Trouble {
  readonly name: string;
  /** Resolves when it is over; what it has switched is as before. */
  run(scene: Scene): Promise<void>;
}

/** Octets of a line that is longer than any object. */
const ENDLESS = 12_000_000;

async function pause({ signal }: Scene, milliseconds: number): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}

function between(random: Random, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

/** One resource, or all of them. */
function someResource(random: Random): ResourceName | undefined {
  return random.once(4) ? undefined : random.pick(RESOURCES);
}

/** Something that is over at once. */
function moment(name: string, act: (scene: Scene, resource: ResourceName | undefined) => void): Trouble {
  return {
    name,
    run: (scene) => {
      act(scene, someResource(scene.random));
      return Promise.resolve();
    },
  };
}

/** A fault of new requests for a while; the open watches end, so that there are some. */
function spell(
  name: string,
  faultOf: (random: Random) => Fault,
  after: (scene: Scene) => void = () => undefined,
): Trouble {
  return {
    name,
    run: async (scene) => {
      const { api, random } = scene;
      const resource = someResource(random);
      const stop = api.faults.add(faultOf(random), resource === undefined ? {} : { resource });
      api.cutWatches(random.once(2) ? 'reset' : 'end', resource);
      await pause(scene, between(random, 300, 2_500));
      stop();
      after(scene);
    },
  };
}

/** What a watch has begun with stays with it. */
const renew = ({ api }: Scene): void => api.cutWatches('end');

/** Requests that nobody answers would be waited for longer than the campaign lasts. */
const release = ({ proxy }: Scene): void => proxy.reset();

const lies = [garbage, binary, noObject, nullObject, notAnEvent, internalError, unknownType('services')] as const;

const troubles: readonly Trouble[] = [
  moment('all connections are reset', ({ proxy }) => proxy.reset()),
  moment('watches end in the middle of a line', ({ api, random }, resource) => {
    const how = random.pick(['reset', 'unfinished', 'end'] as const);
    api.cutWatches(how, resource, '{"type":"MODIFIED","object":{"kind":"Serv');
  }),
  moment('watches end without their last chunk', ({ api }, resource) => api.cutWatches('unfinished', resource)),
  moment('watches end well', ({ api }, resource) => api.cutWatches('end', resource)),
  moment('410 in the stream', ({ api }, resource) => api.expireWatches(resource)),
  moment('the history is forgotten', ({ api }, resource) => {
    api.forgetHistory();
    api.cutWatches('reset', resource);
  }),
  moment('garbage in the stream', ({ api, random }, resource) => api.inject(random.pick(lies), resource)),
  moment('a line without an end', ({ api }, resource) => {
    for (const piece of endlessLine(ENDLESS)) api.inject(piece, resource);
    api.cutWatches('end', resource);
  }),
  moment('bookmarks', ({ api }, resource) => api.bookmark(resource)),
  spell('429', (random) => ({ kind: 'status', code: 429, retryAfter: between(random, 1, 2) })),
  spell('500', () => ({ kind: 'status', code: 500, message: 'etcdserver: request timed out' })),
  spell('503', () => ({ kind: 'status', code: 503 })),
  spell('401', () => ({ kind: 'status', code: 401 })),
  spell('403', () => ({ kind: 'status', code: 403 })),
  spell('410', (random) => ({ kind: 'gone', as: random.pick(['status', 'event']) })),
  spell('no answer', () => ({ kind: 'no-answer' }), release),
  spell('slow answers', (random) => ({ kind: 'slow-answer', milliseconds: between(random, 100, 1_500) })),
  spell(
    'pieces',
    (random) => ({ kind: 'pieces', longest: between(random, 1, 200), seed: random.below(1_000) }),
    release,
  ),
  spell('throttled', (random) => ({ kind: 'throttle', octetsPerSecond: between(random, 2_000, 200_000) }), release),
  spell('cut off', (random) => ({
    kind: 'cut',
    at: { octets: between(random, 1, 60_000) },
    how: random.pick(['reset', 'unfinished', 'end']),
  })),
  spell('events told twice', () => ({ kind: 'telling', how: 'twice' }), renew),
  spell('bookmarks without a version', () => ({ kind: 'telling', how: 'unversioned-bookmarks' }), renew),
  spell(
    'garbage in place of a list',
    (random) => ({
      kind: 'text',
      text: [random.pick(lies)],
      place: random.pick(['instead', 'first', 'after-initial']),
      after: random.pick(['end', 'go-on']),
    }),
    release,
  ),
  {
    name: 'silence on open connections',
    run: async (scene) => {
      scene.proxy.stall();
      await pause(scene, between(scene.random, 300, 3_000));
      if (scene.random.once(2)) scene.proxy.reset();
      scene.proxy.resume();
    },
  },
  {
    name: 'silence on new connections',
    run: async (scene) => {
      scene.proxy.isSilent = true;
      scene.proxy.reset();
      await pause(scene, between(scene.random, 300, 2_000));
      scene.proxy.isSilent = false;
      scene.proxy.reset();
    },
  },
  {
    name: 'the API server restarts',
    run: async (scene) => {
      const { api, proxy, random } = scene;
      proxy.refuse();
      proxy.reset();
      await pause(scene, between(random, 300, 3_000));
      // A new process has no history, and may be of another version. The count of changes is that of etcd and goes on.
      api.forgetHistory();
      api.settings.streamingLists = random.pick(['on', 'on', 'gated', 'unknown']);
      api.settings.goneAs = random.pick(['status', 'event']);
      await proxy.listen();
    },
  },
];

export function randomTrouble(random: Random): Trouble {
  return random.pick(troubles);
}

export const troubleNames: readonly string[] = troubles.map(({ name }) => name);

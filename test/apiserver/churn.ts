/** Changes that go on by themselves: endpoints that become ready and unready, in slices taken at random. */
import { randomNumbers } from './faults.ts';
import { isObject, listAt } from './json.ts';
import type { ApiServer } from './server.ts';
import { wholeObject } from './stored.ts';

const TICK_MILLISECONDS = 10;

export class Churn {
  readonly #server: ApiServer;
  readonly #random: () => number;
  #timer: NodeJS.Timeout | undefined;
  #keys: readonly string[] = [];

  constructor(server: ApiServer, seed: number) {
    this.#server = server;
    this.#random = randomNumbers(seed);
  }

  /** 0 stops it. The slices are those that are there when this is called. */
  setRate(perSecond: number): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#keys = [...this.#server.state.collections.endpointslices.objects()].map(({ key }) => key);
    if (perSecond <= 0) return;
    const begin = performance.now();
    let done = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begin) * perSecond) / 1000);
      for (; done < due; done++) this.changeOne();
    }, TICK_MILLISECONDS);
  }

  /** Changes the readiness of one endpoint of one slice. */
  changeOne(): void {
    const key = this.#keys[Math.floor(this.#random() * this.#keys.length)];
    const stored = key === undefined ? undefined : this.#server.state.collections.endpointslices.get(key);
    if (stored === undefined) return;
    const slice: unknown = JSON.parse(wholeObject(stored));
    if (!isObject(slice)) return;
    const endpoints = listAt(slice, 'endpoints');
    const chosen = Math.floor(this.#random() * endpoints.length);
    this.#server.put({ ...slice, endpoints: endpoints.map((one, i) => (i === chosen ? turned(one) : one)) });
  }
}

function turned(endpoint: unknown): unknown {
  if (!isObject(endpoint)) return endpoint;
  const conditions = isObject(endpoint['conditions']) ? endpoint['conditions'] : {};
  const ready = conditions['ready'] === false;
  return { ...endpoint, conditions: { ...conditions, ready, serving: ready, terminating: false } };
}

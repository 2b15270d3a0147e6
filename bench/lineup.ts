/** The servers of a run, started when they are first needed and stopped together. */
import { type CorefileName, hasUpstream } from './corefiles.ts';
import type { Api } from './live/api.ts';
import { type Upstream, startCoreDns, startEcho, startKnot, startUnbound, startUpstream } from './peers.ts';
import { type Running, isInstalled } from './processes.ts';
import { type Place, type Server, type ServerName, startNodens } from './servers.ts';

export class Lineup {
  readonly place: Place;
  readonly #servers = new Map<string, Promise<Server>>();
  readonly #running: Running[] = [];
  #upstream: Promise<Upstream> | undefined;
  #api: Api | undefined;

  constructor(place: Place) {
    this.place = place;
  }

  /** @param corefile that Nodens is given; the others have one configuration for all rows */
  server(name: ServerName, corefile: CorefileName): Promise<Server> {
    const key = name === 'nodens' || name === 'nodens dgram' ? `${name} ${corefile}` : name;
    let server = this.#servers.get(key);
    if (server === undefined) {
      server = this.#start(name, corefile).then((started) => {
        this.#running.push(started.process);
        return started;
      });
      this.#servers.set(key, server);
    }
    return server;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((process) => process.stop()));
    await this.#api?.close();
  }

  async #start(name: ServerName, corefile: CorefileName): Promise<Server> {
    switch (name) {
      case 'nodens':
      case 'nodens dgram':
        return startNodens(this.place, {
          name,
          corefile,
          // The others have no names to ask for.
          upstream: hasUpstream(corefile) ? await this.upstream() : 0,
        });
      case 'knotd':
        return startKnot(this.place);
      case 'unbound':
        return startUnbound(this.place, await this.upstream());
      case 'coredns': {
        const { server, api } = await startCoreDns(this.place, await this.upstream());
        this.#api = api;
        return server;
      }
      case 'echo':
        return startEcho(this.place);
    }
  }

  /** The port of the upstream. */
  async upstream(): Promise<number> {
    this.#upstream ??= startUpstream(this.place).then((started) => {
      this.#running.push(started.process);
      return started;
    });
    return (await this.#upstream).port;
  }
}

/** Whether a server can be started here. */
export function isAvailable(name: ServerName): boolean {
  switch (name) {
    case 'nodens':
    case 'nodens dgram':
    case 'echo':
      return true;
    case 'knotd':
    case 'unbound':
    case 'coredns':
      return isInstalled(name);
  }
}

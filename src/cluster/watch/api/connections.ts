/**
 * Connections that are kept for the next request. There is one agent for each way in which connections are secured; when that
 * changes, requests under way keep theirs, and nothing new begins on them.
 */
import type { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { http } from '../../../node-modules.ts';
import type { Security } from './access.ts';

export class Connections {
  readonly #proxy: string | undefined;
  readonly #idle: number;
  #security: Security | undefined;
  #agent: HttpAgent | undefined;

  /** @param idle connections that are kept without a request */
  constructor(proxy: string | undefined, idle: number) {
    this.#proxy = proxy;
    this.#idle = idle;
  }

  agentFor(security: Security | undefined): HttpAgent {
    if (this.#agent !== undefined && security === this.#security) return this.#agent;
    this.retire();
    this.#security = security;
    return (this.#agent = this.#open(security));
  }

  /** No further request goes over connections that exist. */
  retire(): void {
    const agent = this.#agent;
    if (agent === undefined) return;
    this.#agent = undefined;
    // Not `destroy`, which would end those in use too. With no room for idle ones, they end after their request.
    agent.maxFreeSockets = 0;
    for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  #open(security: Security | undefined): HttpAgent {
    const kept = { keepAlive: true, maxFreeSockets: this.#idle };
    if (security === undefined) {
      return new http.Agent({
        ...kept,
        ...(this.#proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: this.#proxy } }),
      });
    }
    return new HttpsAgent({
      ...kept,
      ...(this.#proxy === undefined ? {} : { proxyEnv: { HTTPS_PROXY: this.#proxy } }),
      secureContext: security.context,
      rejectUnauthorized: security.verify,
      ...named(security.serverName),
    });
  }
}

/** An address may not be sent as the name of a server (RFC 6066 §3), but a certificate may be for one. */
function named(serverName: string | undefined) {
  if (serverName === undefined) return {};
  if (isIP(serverName) === 0) return { servername: serverName };
  return {
    checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(serverName, certificate),
  };
}

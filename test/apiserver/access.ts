/**
 * Who asks, and whether they may: bearer tokens, client certificates and rules, with the answers of the real server. Who
 * shows nothing is `system:anonymous`, who may do nothing where credentials are asked for; a wrong token is a 401.
 */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Verb } from './faults.ts';
import type { Place } from './paths.ts';
import type { ResourceName } from './resources.ts';
import { forbidden, Refusal, unauthorized } from './status.ts';

export const SERVICE_ACCOUNT = 'system:serviceaccount:kube-system:coredns';
const ANONYMOUS = 'system:anonymous';

export class Access {
  /** The tokens that are accepted; undefined while nobody needs one. */
  tokens: Set<string> | undefined;
  /** Who the bearer of a token is. */
  user = SERVICE_ACCOUNT;
  readonly #denied = new Set<string>();

  constructor(tokens?: Iterable<string>) {
    this.tokens = tokens === undefined ? undefined : new Set(tokens);
  }

  deny(verb: Verb, resource: ResourceName): void {
    this.#denied.add(`${verb} ${resource}`);
  }

  allow(verb: Verb, resource: ResourceName): void {
    this.#denied.delete(`${verb} ${resource}`);
  }

  /** The user's name. Throws a 401. */
  authenticate(request: IncomingMessage): string {
    const certificate = request.socket instanceof TLSSocket ? certificateName(request.socket) : undefined;
    if (certificate !== undefined) return certificate;
    const bearer = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (this.tokens === undefined) return this.user;
    if (bearer === undefined) return ANONYMOUS;
    if (!this.tokens.has(bearer)) throw new Refusal(unauthorized());
    return this.user;
  }

  /** Throws a 403. */
  authorize(user: string, verb: Verb, { resource, namespace, name }: Place): void {
    if (user === ANONYMOUS || this.#denied.has(`${verb} ${resource.name}`)) {
      throw new Refusal(forbidden(resource, user, verb, namespace, name));
    }
  }
}

/** Who a client certificate names; undefined if none was shown. Throws a 401 for one that nobody here has signed. */
function certificateName(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  if (!socket.authorized) throw new Refusal(unauthorized());
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1];
}

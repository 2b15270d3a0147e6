/**
 * api/: from a source to an API server that can be asked.
 *
 *     ApiSource ─► in-cluster.ts | endpoint.ts | kubeconfig.ts ─► Credentials ─► client.ts ─► Api
 *                         └─► renewed.ts: read again, in time ─┘      │
 *                                           rate-limit.ts ─► exchange.ts over connections.ts
 */
import type { Credentials } from './access.ts';
import type { Api, ApiEvents, ApiLimits, ApiSource } from './api.ts';
import { Client } from './client.ts';
import { endpoint } from './endpoint.ts';
import { inCluster } from './in-cluster.ts';
import { RateLimit } from './rate-limit.ts';
import { type Surroundings, usual } from './surroundings.ts';

/**
 * Nothing is connected yet: what cannot be used is found in files alone.
 * @param report lines about credentials that cannot be renewed, and that can be again
 * @throws ApiError with words for whoever wrote the Corefile, where the source cannot be used as it is
 */
export async function connectApi(
  source: ApiSource,
  limits: ApiLimits,
  events: ApiEvents,
  report: (line: string) => void,
  around: Partial<Surroundings> = {},
): Promise<Api> {
  const surroundings: Surroundings = { ...usual, ...around };
  const credentials = await credentialsOf(source, surroundings, report);
  const { userAgent, limits: table, now } = surroundings;
  return new Client({ credentials, rateLimit: new RateLimit(limits, now), events, userAgent, limits: table, now });
}

async function credentialsOf(
  source: ApiSource,
  surroundings: Surroundings,
  report: (line: string) => void,
): Promise<Credentials> {
  switch (source.kind) {
    case 'in-cluster':
      return inCluster(surroundings, report);
    case 'endpoint':
      return endpoint(source, surroundings, report);
    case 'kubeconfig': {
      // The client library is large; a pod never needs it.
      const { kubeconfig } = await import('./kubeconfig.ts');
      return kubeconfig(source, surroundings, report);
    }
  }
}

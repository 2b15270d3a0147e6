/**
 * The names that are asked for, and what the answer must be for a version of what it rests on, by the Kubernetes DNS
 * specification: records as text, so that answers can be compared.
 */
import type { Endpoints, Service, ServiceHistory } from './history.ts';

/** What is asked of a Service: its addresses, or the port `http`. */
export type Aspect = 'A' | 'SRV';

export interface Question {
  readonly of: ServiceHistory;
  readonly aspect: Aspect;
}

/** The port that SRV questions are about. */
export const PORT_NAME = 'http';

export function questionName({ of: { namespace, name }, aspect }: Question): string {
  const service = `${name}.${namespace}.svc.cluster.local`;
  return aspect === 'SRV' ? `_${PORT_NAME}._tcp.${service}` : service;
}

/** The address of all targets of ExternalNames, which are no names of the cluster. */
export const OUTSIDE = '192.0.2.99';

/** `NOERROR A 10.96.0.1`, `NXDOMAIN`; records sorted. */
export function answerText(rcode: string, records: readonly string[]): string {
  return [rcode, ...records.toSorted()].join(' ');
}

const NO_NAME = answerText('NXDOMAIN', []);

export function expectedAnswer(
  aspect: Aspect,
  exists: boolean,
  service: Service | undefined,
  endpoints: Endpoints,
): string {
  if (!exists || service === undefined) return NO_NAME;
  switch (service.kind) {
    case 'external-name':
      // Nothing of an ExternalName has ports.
      return aspect === 'A' ? answerText('NOERROR', [`CNAME ${service.target}`, `A ${OUTSIDE}`]) : NO_NAME;
    case 'cluster-ip':
      if (aspect === 'A') return answerText('NOERROR', [`A ${service.address}`]);
      return service.port.name === PORT_NAME ? answerText('NOERROR', [`SRV ${service.port.number}`]) : NO_NAME;
    case 'headless': {
      const lines = endpoints.map(({ address, port }) => (aspect === 'A' ? `A ${address}` : `SRV ${port} ${address}`));
      return lines.length === 0 ? NO_NAME : answerText('NOERROR', [...new Set(lines)]);
    }
  }
}

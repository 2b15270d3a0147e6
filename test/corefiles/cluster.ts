/** The cluster and the world outside of it that stock Corefiles are asked about. */
import { type Behaviour, failing } from '../support/upstreams/behaviours.ts';
import { QUESTION_NAME, a, parseQuery, record, reply, types, wireName } from '../support/upstreams/octets.ts';

export const manifests = `
apiVersion: v1
kind: Service
metadata: { name: nginx }
spec:
  clusterIP: 10.96.0.80
  ports: [{ name: http, port: 8080, targetPort: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: db }
spec:
  clusterIP: None
  ports: [{ name: sql, port: 5432 }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata:
  name: db-1
  labels: { kubernetes.io/service-name: db }
ports:
  - { name: sql, port: 5432, protocol: TCP }
endpoints:
  - { addresses: [10.244.0.1], hostname: db-0 }
  - { addresses: [10.244.0.2], hostname: db-1 }
---
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { type: ExternalName, externalName: www.example.com }
---
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec:
  clusterIP: 10.96.0.10
  ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53 }]
`;

/** What every name outside of the cluster has. */
export const OUTSIDE = '192.0.2.1';

/** What every name outside of the cluster has for AAAA, but for those below `v4only.test`. */
export const OUTSIDE_V6 = '2001:db8::1';

const TYPES = { ...types, PTR: 12, ANY: 255 };
const NXDOMAIN = 3;

/** The upstream: NXDOMAIN below `missing.test`, and for what `loop` asks to find itself; else a record of what is asked. */
export const outside: Behaviour = (asked) => {
  const { name, type } = parseQuery(asked.octets);
  const data = name.toLowerCase().endsWith('missing.test.') ? undefined : dataOf(type);
  if (data === undefined) failing(NXDOMAIN)(asked);
  else if (type === TYPES.AAAA && name.endsWith('v4only.test.')) asked.send(reply(asked.octets));
  else asked.send(reply(asked.octets, { answers: [data] }));
};

function dataOf(type: number): Buffer | undefined {
  switch (type) {
    case TYPES.A:
    case TYPES.ANY:
      return a(OUTSIDE);
    case TYPES.AAAA:
      return record(QUESTION_NAME, type, 30, Buffer.from('20010db8000000000000000000000001', 'hex'));
    case TYPES.PTR:
      return record(QUESTION_NAME, type, 30, wireName('host.example.com'));
    case TYPES.TXT:
      return record(QUESTION_NAME, type, 30, Buffer.from('\x08upstream', 'latin1'));
    default:
      return undefined;
  }
}

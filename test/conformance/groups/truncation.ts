/**
 * Replies that do not fit: whole records are left out from the end, and TC says so (RFC 2181 §9, RFC 6891 §6.2.5).
 *
 * The names have three letters, so that header and question take 44 octets; an A record with its owner as a pointer
 * takes 16, an AAAA record 28, an OPT record without options 11.
 */
import { type Group, answers } from '../case.ts';
import { CLUSTER_COREFILE } from './shop.ts';

const SLICE = 1000;

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** A headless Service with these endpoints, in slices as a control plane would cut them. */
function headless(name: string, family: 'IPv4' | 'IPv6', addresses: readonly string[], hostnames = false): string {
  const slices = range(Math.ceil(addresses.length / SLICE)).map((slice) => {
    const endpoints = addresses
      .slice(slice * SLICE, (slice + 1) * SLICE)
      .map((address, i) => `  - { addresses: ['${address}']${hostnames ? `, hostname: e${i}` : ''} }`);
    return `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-${slice}, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: ${family}
ports: [{ name: http, port: 80 }]
endpoints:
${endpoints.join('\n')}
`;
  });
  return `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { clusterIP: None, ipFamilies: [${family}], ports: [{ name: http, port: 80 }] }
${slices.join('')}`;
}

const four = (block: number, count: number): readonly string[] =>
  range(count).map((i) => `10.${block}.${i >> 8}.${i & 255}`);

const BIG = four(100, 300);
const FIT = four(101, 29);
const HUGE = four(102, 4200);
const TEN = four(103, 8);
const SIX = range(40).map((i) => `fd00::${(i + 1).toString(16)}`);

const MANIFESTS = [
  headless('big', 'IPv4', BIG),
  headless('fit', 'IPv4', FIT),
  headless('hug', 'IPv4', HUGE),
  headless('ten', 'IPv4', TEN, true),
  headless('six', 'IPv6', SIX),
].join('');

const records = (addresses: readonly string[], count: number): readonly string[] =>
  addresses.slice(0, count).map((address) => `@ 5 IN A ${address}`);

const srvRecords = range(TEN.length).map((i) => `@ 5 IN SRV 0 12 80 e${i}.ten.shop.svc.cluster.local.`);
const srvAddresses = TEN.map((address, i) => `e${i}.ten.shop.svc.cluster.local. 5 IN A ${address}`);

export const truncation: Group = {
  name: 'truncation',
  setup: { corefile: CLUSTER_COREFILE, manifests: MANIFESTS },
  rules: [
    {
      rule: 'without EDNS a reply over UDP has at most 512 octets',
      cases: [
        {
          ask: 'big.shop.svc.cluster.local. A',
          reply: { ...answers(...records(BIG, 29)), tc: true, ordered: true, octets: 508 },
        },
        {
          ask: 'six.shop.svc.cluster.local. AAAA',
          reply: {
            ...answers(...SIX.slice(0, 16).map((address) => `@ 5 IN AAAA ${address}`)),
            tc: true,
            ordered: true,
            octets: 492,
          },
        },
      ],
    },
    {
      rule: 'what fits is whole, and TC is clear',
      cases: [
        {
          ask: 'fit.shop.svc.cluster.local. A',
          reply: { ...answers(...records(FIT, 29)), ordered: true, octets: 508 },
        },
        {
          ask: 'fit.shop.svc.cluster.local. A',
          note: '512 octets with an OPT record, one address too many',
          edns: { size: 512 },
          reply: { ...answers(...records(FIT, 28)), tc: true, ordered: true, octets: 503 },
        },
        {
          ask: 'fit.shop.svc.cluster.local. A',
          note: '519 octets with an OPT record',
          edns: { size: 519 },
          reply: { ...answers(...records(FIT, 29)), ordered: true, octets: 519 },
        },
      ],
    },
    {
      rule: "with EDNS it has at most the client's size; the OPT record is kept",
      cases: [
        {
          ask: 'big.shop.svc.cluster.local. A',
          note: '1232',
          edns: { size: 1232 },
          reply: { ...answers(...records(BIG, 73)), tc: true, ordered: true, octets: 1223 },
        },
        {
          ask: 'big.shop.svc.cluster.local. A',
          note: '4096',
          edns: { size: 4096 },
          reply: { ...answers(...records(BIG, 252)), tc: true, ordered: true, octets: 4087 },
        },
      ],
    },
    {
      rule: 'a size below 512 counts as 512, one above 4096 as 4096; the client gets its own back',
      cases: [
        {
          ask: 'big.shop.svc.cluster.local. A',
          note: '100',
          edns: { size: 100 },
          reply: { ...answers(...records(BIG, 28)), tc: true, ordered: true, octets: 503 },
        },
        {
          ask: 'big.shop.svc.cluster.local. A',
          note: '65535',
          edns: { size: 65535 },
          reply: { ...answers(...records(BIG, 252)), tc: true, ordered: true, octets: 4087 },
        },
      ],
    },
    {
      rule: 'TC is set where only additional records are left out',
      cases: [
        {
          ask: 'ten.shop.svc.cluster.local. SRV',
          reply: { ...answers(...srvRecords), additional: srvAddresses, cut: true },
        },
        {
          ask: 'ten.shop.svc.cluster.local. SRV',
          note: 'whole with 1232',
          edns: { size: 1232 },
          reply: { ...answers(...srvRecords), additional: srvAddresses, ordered: true },
        },
      ],
    },
    {
      rule: 'over TCP nothing is left out',
      cases: [
        {
          ask: 'big.shop.svc.cluster.local. A',
          protocol: 'tcp',
          reply: { ...answers(...records(BIG, BIG.length)), ordered: true },
        },
        {
          ask: 'big.shop.svc.cluster.local. A',
          protocol: 'tcp',
          note: 'whatever size the client offers for UDP',
          edns: { size: 512 },
          reply: { ...answers(...records(BIG, BIG.length)), ordered: true },
        },
        {
          ask: 'ten.shop.svc.cluster.local. SRV',
          protocol: 'tcp',
          reply: { ...answers(...srvRecords), additional: srvAddresses, ordered: true },
        },
      ],
    },
    {
      rule: 'a message has at most 65535 octets over TCP too',
      cases: [
        {
          ask: 'hug.shop.svc.cluster.local. A',
          protocol: 'tcp',
          reply: { ...answers(...records(HUGE, 4093)), tc: true, ordered: true, octets: 65532 },
        },
      ],
    },
  ],
};

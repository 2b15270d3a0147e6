/** A and AAAA of Services with a cluster IP (Kubernetes DNS specification 1.1.0, section 2.3.1). */
import { type Group, answers, nodata, nxdomain } from '../case.ts';
import { shop } from './shop.ts';

export const clusterIp: Group = {
  name: 'cluster-ip',
  setup: shop,
  rules: [
    {
      rule: 'a Service has its cluster IP as A record',
      e2e: true,
      cases: [
        { ask: 'web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'web.depot.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.1.10') },
        { ask: 'web.shop.svc.cluster.local. A', protocol: 'tcp', reply: answers('@ 5 IN A 10.96.0.10') },
      ],
    },
    {
      rule: 'a NodePort, a LoadBalancer and a Service of an unknown type answer with their cluster IP',
      cases: [
        { ask: 'door.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.13') },
        { ask: 'gate.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.14') },
        { ask: 'novel.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.15') },
      ],
    },
    {
      rule: 'a Service answers with its cluster IP although nothing is ready behind it',
      cases: [{ ask: 'lonely.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.11') }],
    },
    {
      rule: 'a family and every type that the Service has no record of is NODATA',
      cases: [
        { ask: 'web.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. CNAME', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. TXT', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. MX', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. PTR', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. NS', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. ANY', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. HTTPS', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. SVCB', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. NAPTR', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. DS', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. TYPE65280', reply: nodata() },
      ],
    },
    {
      rule: 'a port and its protocol in front of the name answer with the addresses of the Service',
      cases: [
        { ask: '_http._tcp.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: '_https._tcp.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: '_dns._udp.names.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.12') },
        { ask: '_http._tcp.web.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: '_http._tcp.web.shop.svc.cluster.local. TXT', reply: nodata() },
      ],
    },
    {
      rule: 'the underscores of port and protocol may be left out',
      cases: [
        { ask: 'http.tcp.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: '_http.tcp.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
        { ask: 'http._tcp.web.shop.svc.cluster.local. A', reply: answers('@ 5 IN A 10.96.0.10') },
      ],
    },
    {
      rule: 'port and protocol must both be those of one port, and a port number is no name',
      cases: [
        { ask: '_smtp._tcp.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_http._udp.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_80._tcp.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_dns._tcp.names.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_5432._tcp.lonely.shop.svc.cluster.local. A', reply: nxdomain(), note: 'a port without a name' },
      ],
    },
    {
      rule: 'names that only resemble a Service do not exist',
      cases: [
        { ask: 'missing.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'web.vacant.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'web.nowhere.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'web.shop.cluster.local. A', reply: nxdomain() },
        { ask: 'shop.web.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'web-shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'wildcards are ordinary labels',
      cases: [
        { ask: '*.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'any.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'web.*.svc.cluster.local. A', reply: nxdomain() },
        { ask: '*.*.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
      ],
    },
  ],
};

/** NODATA against name errors (RFC 2308, RFC 8020), and the SOA record that makes both cacheable. */
import { type Group, failed, nodata, nxdomain } from '../case.ts';
import { shop } from './shop.ts';

export const negative: Group = {
  name: 'negative',
  setup: shop,
  rules: [
    {
      rule: 'svc and pod exist and have no records',
      cases: [
        { ask: 'svc.cluster.local. A', reply: nodata() },
        { ask: 'svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'svc.cluster.local. TXT', reply: nodata() },
        { ask: 'svc.cluster.local. NS', reply: nodata() },
        { ask: 'svc.cluster.local. ANY', reply: nodata() },
        { ask: 'pod.cluster.local. A', reply: nodata() },
        { ask: 'pod.cluster.local. TXT', reply: nodata() },
      ],
    },
    {
      rule: 'a namespace exists and has no records',
      e2e: true,
      cases: [
        { ask: 'shop.svc.cluster.local. A', reply: nodata() },
        { ask: 'shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'shop.svc.cluster.local. TXT', reply: nodata() },
        { ask: 'shop.svc.cluster.local. PTR', reply: nodata() },
        { ask: 'vacant.svc.cluster.local. A', reply: nodata(), note: 'with nothing in it' },
      ],
    },
    {
      rule: 'a namespace that is not there does not exist, nor anything below it',
      cases: [
        { ask: 'nowhere.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'nowhere.svc.cluster.local. TXT', reply: nxdomain() },
        { ask: 'web.nowhere.svc.cluster.local. A', reply: nxdomain() },
        { ask: '_http._tcp.web.nowhere.svc.cluster.local. SRV', reply: nxdomain() },
      ],
    },
    {
      rule: 'the other family of a name is NODATA and never a name error',
      cases: [
        { ask: 'web.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'db.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'db-0.db.shop.svc.cluster.local. AAAA', reply: nodata() },
        { ask: 'web.shop.svc.cluster.local. AAAA', protocol: 'tcp', reply: nodata() },
      ],
    },
    {
      rule: 'a protocol that a named port has is an empty non-terminal; one that none has does not exist',
      cases: [
        { ask: '_tcp.web.shop.svc.cluster.local. A', reply: nodata() },
        { ask: '_tcp.web.shop.svc.cluster.local. SRV', reply: nodata() },
        { ask: '_tcp.web.shop.svc.cluster.local. TXT', reply: nodata() },
        { ask: '_udp.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: '_udp.names.shop.svc.cluster.local. SRV', reply: nodata() },
        { ask: '_tcp.names.shop.svc.cluster.local. SRV', reply: nodata() },
        { ask: '_sctp.names.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: '_tcp.lonely.shop.svc.cluster.local. SRV', reply: nxdomain(), note: 'a port without a name' },
        { ask: '_tcp.db.shop.svc.cluster.local. SRV', reply: nodata(), note: 'headless' },
        { ask: '_udp.db.shop.svc.cluster.local. SRV', reply: nxdomain(), note: 'headless' },
        { ask: '_tcp.missing.shop.svc.cluster.local. SRV', reply: nxdomain() },
      ],
    },
    {
      rule: 'names outside svc, pod and dns do not exist',
      cases: [
        { ask: 'foo.cluster.local. A', reply: nxdomain() },
        { ask: 'foo.cluster.local. TXT', reply: nxdomain() },
        { ask: 'web.shop.cluster.local. A', reply: nxdomain() },
        { ask: 'hostmaster.cluster.local. A', reply: nxdomain() },
        { ask: 'svc.svc.cluster.local. A', reply: nxdomain(), note: 'svc is no namespace' },
        { ask: '10.0.0.1.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'three labels and more in front of a Service do not exist',
      cases: [
        { ask: 'x.y.z.web.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'x._http._tcp.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: '_http._tcp.10-244-1-11.web.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'a.b.c.d.e.f.web.shop.svc.cluster.local. A', reply: nxdomain() },
      ],
    },
    {
      rule: 'what a search path makes of an outside name does not exist',
      cases: [
        { ask: 'www.example.org.shop.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'www.example.org.svc.cluster.local. A', reply: nxdomain() },
        { ask: 'www.example.org.cluster.local. A', reply: nxdomain() },
        { ask: 'example.org.shop.svc.cluster.local. AAAA', reply: nxdomain() },
      ],
    },
    {
      rule: 'an SOA question below the apex is NODATA, whether the name exists or not',
      cases: [
        { ask: 'web.shop.svc.cluster.local. SOA', reply: nodata() },
        { ask: 'shop.svc.cluster.local. SOA', reply: nodata() },
        { ask: 'missing.shop.svc.cluster.local. SOA', reply: nodata() },
        { ask: 'web.nowhere.svc.cluster.local. SOA', reply: nodata() },
        { ask: 'foo.cluster.local. SOA', reply: nodata() },
        { ask: 'dns-version.cluster.local. SOA', reply: nodata() },
      ],
    },
    {
      rule: 'a question for any other type finds out whether the name exists',
      cases: [
        { ask: 'missing.shop.svc.cluster.local. AAAA', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. CNAME', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. TXT', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. MX', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. NS', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. PTR', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. SRV', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. ANY', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. HTTPS', reply: nxdomain() },
        { ask: 'missing.shop.svc.cluster.local. TYPE65280', reply: nxdomain() },
      ],
    },
    {
      rule: 'a zone transfer is refused without transfer',
      cases: [
        { ask: 'cluster.local. AXFR', reply: failed('REFUSED') },
        { ask: 'cluster.local. AXFR', protocol: 'tcp', reply: failed('REFUSED') },
        { ask: 'cluster.local. IXFR', reply: failed('REFUSED') },
        { ask: 'web.shop.svc.cluster.local. AXFR', reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'a name outside the zones is not answered by the plugin: SERVFAIL where nothing follows it',
      cases: [
        { ask: 'www.example.org. A', reply: failed('SERVFAIL') },
        { ask: 'local. A', reply: failed('SERVFAIL') },
        { ask: '. NS', reply: failed('SERVFAIL') },
        { ask: 'xcluster.local. A', reply: failed('SERVFAIL') },
        { ask: 'www.example.org. AXFR', reply: failed('SERVFAIL') },
      ],
    },
  ],
};

/** Which server block answers. Each block here answers every question with a TXT record that says which it is. */
import { type ExpectedReply, type Group, answers, failed } from '../case.ts';
import { SHOP_MANIFESTS } from './shop.ts';

const block = (keys: string, name: string): string => `
${keys} {
    template IN ANY {
        answer "{{ .Name }} 1 IN TXT ${name}"
    }
}
`;

const by = (name: string): ExpectedReply => answers(`@ 1 IN TXT "${name}"`);

const COREFILE = [
  block('example.org', 'parent'),
  block('sub.example.org', 'child'),
  block('deep.sub.example.org', 'grandchild'),
  block('one.test two.test', 'shared'),
  block('10.0.0.0/24', 'network'),
  block('10.0.2.0/23', 'split'),
  block('2001:db8::/32', 'network6'),
  'bare.example.org {\n}\n',
  'other.test {\n  kubernetes cluster.local\n}\n',
].join('');

export const routing: Group = {
  name: 'routing',
  setup: { corefile: COREFILE, manifests: SHOP_MANIFESTS },
  rules: [
    {
      rule: 'the block with the longest zone answers',
      cases: [
        { ask: 'example.org. A', reply: by('parent') },
        { ask: 'www.example.org. A', reply: by('parent') },
        { ask: 'sub.example.org. A', reply: by('child') },
        { ask: 'www.sub.example.org. A', reply: by('child') },
        { ask: 'www.deep.sub.example.org. A', reply: by('grandchild') },
        { ask: 'a.b.c.d.e.f.example.org. TXT', reply: by('parent') },
      ],
    },
    {
      rule: 'a zone ends at a label',
      cases: [
        { ask: 'xsub.example.org. A', reply: by('parent') },
        { ask: 'xexample.org. A', reply: failed('REFUSED') },
        { ask: 'sub.xexample.org. A', reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'case does not matter',
      cases: [
        { ask: 'WWW.Example.ORG. A', reply: by('parent') },
        { ask: 'SUB.example.Org. A', reply: by('child') },
      ],
    },
    {
      rule: 'all keys of a block lead to it',
      cases: [
        { ask: 'www.one.test. A', reply: by('shared') },
        { ask: 'www.two.test. A', reply: by('shared') },
      ],
    },
    {
      rule: 'a network as a key is its reverse zones',
      cases: [
        { ask: '1.0.0.10.in-addr.arpa. PTR', reply: by('network') },
        { ask: '1.2.0.10.in-addr.arpa. PTR', reply: by('split') },
        { ask: '1.3.0.10.in-addr.arpa. PTR', reply: by('split') },
        { ask: '1.1.0.10.in-addr.arpa. PTR', reply: failed('REFUSED') },
        { ask: '1.8.b.d.0.1.0.0.2.ip6.arpa. PTR', reply: by('network6') },
        { ask: '9.b.d.0.1.0.0.2.ip6.arpa. PTR', reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'without a block it is REFUSED',
      cases: [
        { ask: 'www.example.net. A', reply: failed('REFUSED') },
        { ask: 'org. A', reply: failed('REFUSED') },
        { ask: '. NS', reply: failed('REFUSED') },
        { ask: 'www.example.net. A', protocol: 'tcp', reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'a block without plugins is REFUSED, whatever its parent would say',
      cases: [
        { ask: 'bare.example.org. A', reply: failed('REFUSED') },
        { ask: 'www.bare.example.org. A', reply: failed('REFUSED') },
      ],
    },
    {
      rule: 'a block whose plugins do not answer is SERVFAIL, whatever its parent would say',
      cases: [{ ask: 'www.other.test. A', reply: failed('SERVFAIL') }],
    },
    {
      rule: 'DS of a zone is asked of its parent',
      cases: [
        { ask: 'sub.example.org. DS', reply: by('parent') },
        { ask: 'deep.sub.example.org. DS', reply: by('child') },
        { ask: 'bare.example.org. DS', reply: by('parent') },
        { ask: 'SUB.example.org. DS', reply: by('parent') },
      ],
    },
    {
      rule: 'DS of a name below is asked of the zone itself, and so is DS of a zone without a parent here',
      cases: [
        { ask: 'www.sub.example.org. DS', reply: by('child') },
        { ask: 'example.org. DS', reply: by('parent') },
        { ask: 'one.test. DS', reply: by('shared') },
      ],
    },
    {
      rule: 'the root block takes what no other takes, and is no parent for DS',
      corefile: [block('.', 'root'), block('example.org', 'parent'), block('sub.example.org', 'child')].join(''),
      cases: [
        { ask: 'www.example.net. A', reply: by('root') },
        { ask: '. NS', reply: by('root') },
        { ask: 'org. DS', reply: by('root') },
        { ask: 'xexample.org. A', reply: by('root') },
        { ask: 'www.example.org. A', reply: by('parent') },
        { ask: 'example.org. DS', reply: by('parent') },
        { ask: 'sub.example.org. DS', reply: by('parent') },
      ],
    },
  ],
};

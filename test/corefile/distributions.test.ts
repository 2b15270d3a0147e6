/**
 * The Corefiles that distributions of Kubernetes install, down to the words: what takes CoreDNS's place must read them.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPath, readText, withFiles } from './reading.ts';
import type { Shape } from './reading.ts';

const reverse = ['in-addr.arpa', 'ip6.arpa'];
const clusterZones = ['cluster.local', ...reverse];
const resolvers: Shape = ['forward', '.', '/etc/resolv.conf'];
const simple = (text: string): Shape => text.split(' ');

/** The line `kubernetes` of most of them. */
function kubernetes(...options: readonly Shape[]): Shape {
  return ['kubernetes', ...clusterZones, [['pods', 'insecure'], ['fallthrough', ...reverse], ...options]];
}

const kubeadm = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

const k3s = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
    import /etc/coredns/custom/*.override
}
import /etc/coredns/custom/*.server
`;

const eks = `.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`;

const aks = `.:53 {
    errors
    ready
    health {
      lameduck 5s
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
      ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
    import custom/*.override
    template ANY ANY internal.cloudapp.net {
      match "^(?:[^.]+\\.){4,}internal\\.cloudapp\\.net\\.$"
      rcode NXDOMAIN
      fallthrough
    }
    template ANY ANY reddog.microsoft.com {
      rcode NXDOMAIN
    }
}
import custom/*.server
`;

const nodeLocal = `cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.96.0.11 {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
in-addr.arpa:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.96.0.11 {
            force_tcp
    }
    prometheus :9253
    }
ip6.arpa:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.96.0.11 {
            force_tcp
    }
    prometheus :9253
    }
.:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . /etc/resolv.conf
    prometheus :9253
    }
`;

const openshift = `# internal-zone
example.com:5353 internal.example.com:5353 {
    prometheus 127.0.0.1:9153
    forward . 192.0.2.1 tls://192.0.2.2 {
        policy round_robin
        tls
        tls_servername dns.example.com
    }
    errors
    log . {
        class error
    }
    bufsize 1232
    cache 900 {
        denial 9984 30
    }
}
.:5353 {
    bufsize 1232
    errors
    log . {
        class error
    }
    health {
        lameduck 20s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus 127.0.0.1:9153
    forward . /etc/resolv.conf {
        policy sequential
    }
    cache 900 {
        denial 9984 30
    }
    reload
}
hostname.bind:5353 {
    chaos
}
`;

const gardener = `.:8053 {
    errors
    log . {
        class error
    }
    health {
        lameduck 15s
    }
    ready
    rewrite stop {
      name regex (.*)\\.local\\.svc\\.cluster\\.local {1}.svc.cluster.local
      answer name (.*)\\.svc\\.cluster\\.local {1}.local.svc.cluster.local
      answer value (.*)\\.svc\\.cluster\\.local {1}.local.svc.cluster.local
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance round_robin
    import custom/*.override
}
import custom/*.server
`;

const cce = `.:5353 {
    bind {$POD_IP}
    cache 30 {
        servfail 5s
    }
    errors
    health {$POD_IP}:8080
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    loadbalance round_robin
    prometheus {$POD_IP}:9153
    forward . /etc/resolv.conf {
        policy random
    }
    reload
    ready {$POD_IP}:8081
}
`;

const rest = [['prometheus', ':9153'], resolvers, ['cache', '30'], ['loop'], ['reload'], ['loadbalance']];

function nodeLocalBlock(cache: Shape, forward: Shape, ...more: readonly Shape[]): readonly Shape[] {
  const bind = simple('bind 169.254.20.10 10.96.0.10');
  return [['errors'], cache, ['reload'], ['loop'], bind, forward, ['prometheus', ':9253'], ...more];
}

const forceTcp: Shape = ['forward', '.', '10.96.0.11', [['force_tcp']]];

describe('the Corefile of', () => {
  it.each<[string, string, readonly (readonly string[])[], readonly (readonly Shape[])[]]>([
    [
      'kubeadm',
      kubeadm,
      [['dns://.:53']],
      [
        [
          ['errors'],
          ['health', [['lameduck', '5s']]],
          ['ready'],
          kubernetes(['ttl', '30']),
          ['prometheus', ':9153'],
          [...resolvers, [['max_concurrent', '1000']]],
          ['cache', '30', [simple('disable success cluster.local'), simple('disable denial cluster.local')]],
          ['loop'],
          ['reload'],
          ['loadbalance'],
        ],
      ],
    ],
    [
      'k3s',
      k3s,
      [['dns://.:53']],
      [
        [
          ['errors'],
          ['health'],
          ['ready'],
          kubernetes(),
          ['hosts', '/etc/coredns/NodeHosts', [['ttl', '60'], ['reload', '15s'], ['fallthrough']]],
          ...rest,
        ],
      ],
    ],
    ['EKS', eks, [['dns://.:53']], [[['errors'], ['health', [['lameduck', '5s']]], ['ready'], kubernetes(), ...rest]]],
    [
      'AKS',
      aks,
      [['dns://.:53']],
      [
        [
          ['errors'],
          ['ready'],
          ['health', [['lameduck', '5s']]],
          kubernetes(['ttl', '30']),
          ...rest,
          [
            ...simple('template ANY ANY internal.cloudapp.net'),
            [['match', String.raw`^(?:[^.]+\.){4,}internal\.cloudapp\.net\.$`], ['rcode', 'NXDOMAIN'], ['fallthrough']],
          ],
          [...simple('template ANY ANY reddog.microsoft.com'), [['rcode', 'NXDOMAIN']]],
        ],
      ],
    ],
    [
      'NodeLocalDNS',
      nodeLocal,
      [['dns://cluster.local.:53'], ['dns://in-addr.arpa.:53'], ['dns://ip6.arpa.:53'], ['dns://.:53']],
      [
        nodeLocalBlock(['cache', [simple('success 9984 30'), simple('denial 9984 5')]], forceTcp, [
          'health',
          '169.254.20.10:8080',
        ]),
        nodeLocalBlock(['cache', '30'], forceTcp),
        nodeLocalBlock(['cache', '30'], forceTcp),
        nodeLocalBlock(['cache', '30'], resolvers),
      ],
    ],
    [
      'OpenShift',
      openshift,
      [
        ['dns://example.com.:5353', 'dns://internal.example.com.:5353'],
        ['dns://.:5353'],
        ['dns://hostname.bind.:5353'],
      ],
      [
        [
          ['prometheus', '127.0.0.1:9153'],
          [
            ...simple('forward . 192.0.2.1 tls://192.0.2.2'),
            [['policy', 'round_robin'], ['tls'], ['tls_servername', 'dns.example.com']],
          ],
          ['errors'],
          ['log', '.', [['class', 'error']]],
          ['bufsize', '1232'],
          ['cache', '900', [simple('denial 9984 30')]],
        ],
        [
          ['bufsize', '1232'],
          ['errors'],
          ['log', '.', [['class', 'error']]],
          ['health', [['lameduck', '20s']]],
          ['ready'],
          kubernetes(),
          ['prometheus', '127.0.0.1:9153'],
          [...resolvers, [['policy', 'sequential']]],
          ['cache', '900', [simple('denial 9984 30')]],
          ['reload'],
        ],
        [['chaos']],
      ],
    ],
    [
      'Gardener',
      gardener,
      [['dns://.:8053']],
      [
        [
          ['errors'],
          ['log', '.', [['class', 'error']]],
          ['health', [['lameduck', '15s']]],
          ['ready'],
          [
            'rewrite',
            'stop',
            [
              simple(String.raw`name regex (.*)\.local\.svc\.cluster\.local {1}.svc.cluster.local`),
              simple(String.raw`answer name (.*)\.svc\.cluster\.local {1}.local.svc.cluster.local`),
              simple(String.raw`answer value (.*)\.svc\.cluster\.local {1}.local.svc.cluster.local`),
            ],
          ],
          kubernetes(['ttl', '30']),
          ...rest.slice(0, -1),
          ['loadbalance', 'round_robin'],
        ],
      ],
    ],
    [
      'CCE',
      cce,
      [['dns://.:5353']],
      [
        [
          ['bind', '10.0.0.7'],
          ['cache', '30', [['servfail', '5s']]],
          ['errors'],
          ['health', '10.0.0.7:8080'],
          kubernetes(),
          ['loadbalance', 'round_robin'],
          ['prometheus', '10.0.0.7:9153'],
          [...resolvers, [['policy', 'random']]],
          ['reload'],
          ['ready', '10.0.0.7:8081'],
        ],
      ],
    ],
  ])('%s', (_, text, keys, directives) => {
    const reading = readText(text, { POD_IP: '10.0.0.7' });
    expect(reading.errors).toEqual([]);
    expect(reading.keys).toEqual(keys);
    expect(reading.directives).toEqual(directives);
    const globs = text.match(/(?<=import ).*/g) ?? [];
    expect(reading.notes.map((note) => note.replace(/^\S+ /, ''))).toEqual(
      globs.map((glob) => `no files match import pattern '${glob}'`),
    );
  });

  it('AKS takes up what its users add', () => {
    withFiles(
      {
        Corefile: aks,
        'custom/log.override': 'log',
        'custom/corp.server': 'corp.example:53 {\n  forward . 192.0.2.53\n}\n',
        'custom/notes.txt': '}',
      },
      (folder) => {
        const reading = readPath(join(folder, 'Corefile'));
        expect(reading.errors).toEqual([]);
        expect(reading.warnings).toEqual([]);
        expect(reading.keys).toEqual([['dns://.:53'], ['dns://corp.example.:53']]);
        expect(reading.directives[0]).toContainEqual(['log']);
        expect(reading.directives[1]).toEqual([['forward', '.', '192.0.2.53']]);
      },
    );
  });

  it('CCE without its variable says so wherever that makes an error', () => {
    const reading = readText(cce.replace('.:5353', '.:{$PORT}'));
    expect(reading.problems.list).toMatchObject([{ note: `the environment variable 'PORT' is not set` }]);
  });
});

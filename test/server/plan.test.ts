/** From a Corefile to a plan: the order of plugins, ports and addresses, and everything wrong in one go. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { loadCorefile } from '../../src/corefile/corefile.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { type PlanOptions, planServer } from '../../src/server/plan.ts';
import type { ServerPlan } from '../../src/server/planned.ts';

interface Planned {
  readonly plan: ServerPlan | undefined;
  readonly problems: readonly string[];
}

function plan(text: string, options: Partial<PlanOptions> = {}): Planned {
  const problems = new Problems();
  const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '/' }, {}, problems);
  if (corefile === undefined) throw new Error('a text can always be read');
  const made = planServer(corefile, { defaultPort: 53, bind: [], fixtures: ['x'], folder: '/', ...options }, problems);
  return { plan: made, problems: problems.list.map((problem) => renderProblem(problem).split('\n')[0] ?? '') };
}

function planned(text: string, options: Partial<PlanOptions> = {}): ServerPlan {
  const { plan: made, problems } = plan(text, options);
  if (made === undefined) throw new Error(problems.join('\n'));
  expect(problems).toEqual([]);
  return made;
}

const block = (keys: string, ...lines: readonly string[]): string => `${keys} {\n${lines.join('\n')}\n}\n`;

/** Each zone with where it is served. */
const served = (made: ServerPlan): readonly string[] =>
  made.blocks.flatMap((one) => one.served.map(({ zone, at }) => `${zone.toString()} ${at.address} ${at.port}`));

describe('the order of plugins', () => {
  const lines = [
    'whoami',
    'kubernetes cluster.local',
    'hosts {\n10.0.0.1 a.test\nfallthrough\n}',
    'template IN A {\nrcode NOERROR\n}',
    'searchpath {\nshort_names\n}',
    'local',
    'log',
    'errors',
  ];
  const order = ['errors', 'log', 'local', 'searchpath', 'template', 'hosts', 'kubernetes', 'whoami'];

  it.each([
    ['as in the file', lines],
    ['reversed', lines.toReversed()],
    ['sorted', lines.toSorted()],
  ])('is fixed: %s', (_, some) => {
    expect(planned(block('.', ...some)).blocks[0]?.plugins.map(({ name }) => name)).toEqual(order);
  });

  it('has settings nowhere', () => {
    expect(planned(block('.', 'whoami', 'reload', 'debug', 'bind 127.0.0.1')).blocks[0]?.plugins).toHaveLength(1);
  });

  it('takes a directive that stands twice as one plugin', () => {
    const made = planned(
      block('.', 'template IN A a.test {\nrcode NOERROR\n}', 'whoami', 'template IN A b.test {\nrcode NOERROR\n}'),
    );
    expect(made.blocks[0]?.plugins.map(({ name }) => name)).toEqual(['template', 'whoami']);
  });
});

describe('directives that no query comes to', () => {
  const warning = (line: number, behind: string, last: string): string =>
    `Corefile:${line}:1: warning: no query comes as far as ${behind}: '${last}' answers all of them`;

  it.each([
    ['hosts', ['kubernetes', 'hosts', 'forward . 192.0.2.1'], warning(3, "'kubernetes' and 'forward'", 'hosts')],
    ['hosts for more than the block', ['hosts /dev/null test .', 'whoami'], warning(2, "'whoami'", 'hosts')],
    ['kubernetes', ['forward . 192.0.2.1', 'kubernetes'], warning(3, "'forward'", 'kubernetes')],
    [
      'k8s_external stands in front',
      ['k8s_external x.test', 'kubernetes', 'whoami'],
      warning(3, "'whoami'", 'kubernetes'),
    ],
    ['file', ['file x', 'forward . 192.0.2.1'], warning(2, "'forward'", 'file')],
    ['two files', ['file x a.test', 'file y test', 'whoami'], warning(2, "'whoami'", 'file')],
    ['forward', ['forward a.test 192.0.2.1', 'forward . 192.0.2.1', 'whoami'], warning(3, "'whoami'", 'forward')],
    [
      'template',
      ['template ANY ANY {\nrcode NXDOMAIN\n}', 'hosts', 'whoami'],
      warning(2, "'hosts' and 'whoami'", 'template'),
    ],
    ['names that are rewritten', ['rewrite name a b', 'hosts /dev/null .', 'whoami'], warning(3, "'whoami'", 'hosts')],
  ])('are told: %s', (_, lines, expected) => {
    expect(plan(block('test', ...lines)).problems).toEqual([expected]);
  });

  it.each([
    ['nothing behind', ['hosts', 'errors', 'loop']],
    ['fallthrough', ['hosts {\nfallthrough\n}', 'kubernetes {\nfallthrough\n}', 'file x {\nfallthrough\n}', 'whoami']],
    ['fallthrough for types', ['hosts {\nfallthrough_unsupported\n}', 'whoami']],
    [
      'zones of their own',
      ['hosts x a.test', 'kubernetes b.test', 'file x c.test', 'forward d.test 192.0.2.1', 'whoami'],
    ],
    ['a line that excepts', ['forward . 192.0.2.1 {\nexcept a.test\n}', 'whoami']],
    ['names that are rewritten out of the zone', ['rewrite name a b', 'hosts', 'whoami']],
  ])('are not told: %s', (_, lines) => {
    expect(plan(block('test', ...lines)).problems).toEqual([]);
  });
});

it('a block whose zone is missing is told nothing of zones outside of it', () => {
  expect(plan(block(':53', 'forward . 192.0.2.1')).problems).toEqual([
    'Corefile:1:1: zone is not a valid domain name: it is empty',
  ]);
});

describe('a block that asks itself', () => {
  const itself = (place: string, word: string): string =>
    `Corefile:${place}: warning: '${word}' is this server block itself: its questions would come back to it`;

  it.each([
    ['on all addresses', ['forward . 127.0.0.1'], [itself('2:11', '127.0.0.1')]],
    ['among others', ['forward . 192.0.2.1 [::1]:53'], [itself('2:21', '[::1]:53')]],
    ['at its own address', ['bind 127.0.0.2', 'forward . 127.0.0.2 127.0.0.1'], [itself('3:11', '127.0.0.2')]],
    ['in any line', ['forward a 192.0.2.1', 'forward b 0.0.0.0'], [itself('3:11', '0.0.0.0')]],
    ['not at another port', ['forward . 127.0.0.1:5353'], []],
    ['not at an address that is not its own', ['forward . 192.0.2.1'], []],
    ['not where something else answers in its own network', ['forward . 127.0.0.11'], []],
    ['not in a view, behind which another block may be', ['view v {\nexpr true\n}', 'forward . 127.0.0.1'], []],
    ['not where another name is asked for', ['rewrite name a b', 'forward . 127.0.0.1'], []],
    ['not over TLS', ['forward . tls://127.0.0.1:53'], []],
  ])('is told %s', (_, lines, expected) => {
    expect(plan(block('.', ...lines)).problems).toEqual(expected);
  });
});

describe('ports', () => {
  it('are those of the keys, else the default', () => {
    const made = planned(block('a b:1053 dns://c:54', 'whoami'), { defaultPort: 5353 });
    expect(served(made)).toEqual(['a. * 5353', 'b. * 1053', 'c. * 54']);
    const [first, second] = made.blocks[0]?.served ?? [];
    expect(first?.at.portFrom).toBeUndefined();
    expect(second?.at.portFrom?.text).toBe('b:1053');
  });

  it('a network is its reverse zones', () => {
    expect(served(planned(block('10.0.2.0/23', 'whoami')))).toEqual([
      '2.0.10.in-addr.arpa. * 53',
      '3.0.10.in-addr.arpa. * 53',
    ]);
  });
});

describe('the same zone twice', () => {
  it.each([
    [
      'word for word',
      block('a', 'whoami') + block('a', 'whoami'),
      ['Corefile:4:1: cannot serve dns://a. - it is already defined at Corefile:1:1'],
    ],
    [
      'with the default port and without',
      block('a', 'whoami') + block('a:53', 'whoami'),
      ['Corefile:4:1: cannot serve dns://a.:53 - it is already defined'],
    ],
    ['in one block', block('a a:53', 'whoami'), ['Corefile:1:3: cannot serve dns://a.:53 - it is already defined']],
    [
      'in capitals',
      block('a', 'whoami') + block('A:53', 'whoami'),
      ['Corefile:4:1: cannot serve dns://a.:53 - it is already defined'],
    ],
    [
      'at the same address',
      block('a', 'whoami', 'bind 127.0.0.1') + block('a', 'whoami', 'bind 127.0.0.1'),
      ['Corefile:5:1: cannot serve dns://a.:53 - it is already defined'],
    ],
    [
      'within a network: one mistake, not one for each zone',
      block('10.0.0.0/22', 'whoami') + block('10.0.0.0/23:53', 'whoami'),
      ['Corefile:4:1: cannot serve dns://0.0.10.in-addr.arpa.:53 - it is already defined'],
    ],
  ])('%s', (_, text, problems) => {
    expect(plan(text)).toEqual({ plan: undefined, problems });
  });

  it('bug: the key that is named is the one that clashes, and not another of its zone', () => {
    expect(plan(block('a:53', 'whoami') + block('a:54 a', 'whoami')).problems).toEqual([
      'Corefile:4:6: cannot serve dns://a.:53 - it is already defined',
    ]);
  });

  it.each([
    ['at another port', block('a', 'whoami') + block('a:54', 'whoami')],
    ['at another default port', block('a', 'whoami') + block('a:53', 'whoami')],
    ['at another address', block('a', 'whoami', 'bind 127.0.0.1') + block('a', 'whoami', 'bind 127.0.0.2')],
  ])('is fine %s', (name, text) => {
    expect(planned(text, name.includes('default') ? { defaultPort: 1053 } : {}).blocks).toHaveLength(2);
  });
});

describe('addresses', () => {
  const loopback = (networkInterfaces()['lo'] ?? []).map(({ address }) => address);

  it('are all where nothing says otherwise', () => {
    expect(served(planned(block('a', 'whoami')))).toEqual(['a. * 53']);
  });

  it('are those of `bind`, else those of the command line', () => {
    const text = block('a', 'whoami', 'bind 127.0.0.1 127.0.0.1 ::1') + block('b', 'whoami');
    expect(served(planned(text, { bind: ['127.0.0.2'] }))).toEqual(['a. 127.0.0.1 53', 'a. ::1 53', 'b. 127.0.0.2 53']);
  });

  it.each(['0.0.0.0', '::', '0.0.0.0 127.0.0.1', '127.0.0.1 ::'])('%s are all of them', (words) => {
    expect(served(planned(block('a', 'whoami', `bind ${words}`)))).toEqual(['a. * 53']);
  });

  it.skipIf(loopback.length === 0)('of an interface are those that it has', () => {
    expect(served(planned(block('a', 'whoami', 'bind lo')))).toEqual(loopback.map((address) => `a. ${address} 53`));
    const [excepted] = loopback;
    expect(served(planned(block('a', 'whoami', `bind lo 127.0.0.9 {\nexcept ${excepted}\n}`)))).toEqual(
      [...loopback.slice(1), '127.0.0.9'].map((address) => `a. ${address} 53`),
    );
  });

  it('bug: a block that was left without any was silently not served', () => {
    expect(plan(block('a', 'whoami', 'bind 127.0.0.1 {\nexcept 127.0.0.1\n}')).problems).toEqual([
      "Corefile:3:1: 'except' leaves no address to listen at",
    ]);
  });

  it('all of them and some of them cannot have the same port', () => {
    const message = 'another server block serves port 53 on all addresses';
    expect(plan(block('a', 'whoami', 'bind 127.0.0.1') + block('b', 'whoami')).problems).toEqual([
      `Corefile:3:1: ${message}`,
    ]);
    expect(plan(block('a', 'whoami') + block('b', 'whoami', 'bind 127.0.0.1')).problems).toEqual([
      `Corefile:6:1: ${message}`,
    ]);
    expect(planned(block('a:54', 'whoami', 'bind 127.0.0.1') + block('b', 'whoami')).blocks).toHaveLength(2);
  });

  it('bug: nor where some of them come from the command line', () => {
    const text = block('a', 'whoami', 'bind 0.0.0.0') + block('b', 'whoami');
    expect(plan(text, { bind: ['127.0.0.1'] }).problems).toEqual([
      'Corefile:5:1: another server block serves port 53 on all addresses',
    ]);
  });
});

describe('everything wrong is listed in one go', () => {
  it('in the order of the lines', () => {
    const text = [
      block('a', 'whoami x', 'kuberntes', 'etcd a'),
      block('tls://b', 'whoami'),
      block('c', 'template IN A {\nrcode NOPE\n}'),
      block('a', 'whoami'),
    ].join('');
    const { plan: made, problems } = plan(text);
    expect(made).toBeUndefined();
    expect(problems.map((line) => line.replace(/^Corefile:(\d+):\d+: /, '$1 '))).toEqual([
      "2 'whoami' takes no arguments",
      "3 unknown directive 'kuberntes'",
      "4 'etcd' is not served here: etcd is not read",
      "6 a tls:// server block needs 'tls'",
      expect.stringMatching(/^1[01] .*NOPE/),
      '14 cannot serve dns://a. - it is already defined at Corefile:1:1',
    ]);
  });

  it('no server block at all is an error', () => {
    expect(plan('').plan).toBeUndefined();
    expect(plan('').problems).toEqual(['Corefile:1:1: the Corefile has no server blocks']);
  });

  it.each([
    ['fanout', 'forward with several upstreams'],
    ['alternate', 'next RCODE'],
    ['k8s_gateway', 'k8s_external beside kubernetes'],
    ['kubernetai', 'a kubernetes of its own for each cluster'],
    ['lighthouse', 'multicluster of kubernetes, or forward'],
    ['multicluster', 'multicluster ZONES'],
    ['records', 'hosts for addresses'],
    ['rrl', 'acl with the networks'],
    ['gslb', 'a directive of CoreDNS 1.14 or of Nodens, all of which docs/directives.md lists'],
  ])('%s, which is from elsewhere, is answered by what there is: %s', (name, instead) => {
    const problems = new Problems();
    const text = block('.', `${name} .`);
    const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '/' }, {}, problems);
    if (corefile === undefined) throw new Error('a text can always be read');
    planServer(corefile, { defaultPort: 53, bind: [], fixtures: [], folder: '/' }, problems);
    expect(problems.list).toMatchObject([{ severity: 'error', expected: expect.stringContaining(instead) }]);
    expect(problems.list[0]?.suggestion).toBeUndefined();
  });
});

describe('settings of blocks', () => {
  it('`reload` and `debug` of any block hold for the server', () => {
    const made = planned(block('a', 'whoami') + block('b', 'whoami', 'debug', 'reload 10s 2s'));
    expect([made.debug, made.reload]).toEqual([true, { interval: 10_000, jitter: 2_000 }]);
    const without = planned(block('a', 'whoami'));
    expect([without.debug, without.reload]).toEqual([false, undefined]);
  });

  it('no plugin of today takes classes other than IN', () => {
    expect(planned(block('a', 'whoami')).blocks[0]?.anyClass).toBe(false);
  });
});

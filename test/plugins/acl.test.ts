import { afterEach, describe, expect, it, vi } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { reply } from '../../src/plugins/answer.ts';
import { acl } from '../../src/plugins/acl/acl.ts';
import { expectProblem } from './problems.ts';
import { redo } from './replay.ts';
import {
  PASSED_ON,
  type QueryOptions,
  type Service,
  ask,
  makeHost,
  makeQuery,
  next,
  problemsOf,
  serve,
  textOf,
} from './support.ts';

const from = (clientAddress: string): QueryOptions => ({
  client: { clientAddress, clientFamily: clientAddress.includes(':') ? 6 : 4 },
});

/** What a client gets: `passed on`, or the response code, or `silence`. */
function decide({ plugin }: Service, address: string, name = 'www.example.', type = 'A'): string {
  const answer = ask(plugin, makeQuery(name, type, from(address)));
  if (answer === PASSED_ON) return 'passed on';
  if (answer.kind === 'silence') return 'silence';
  const text = textOf(answer);
  if (typeof text === 'string') return text;
  expect([text.aa, text.answers, text.authority, text.additional]).toEqual([false, [], [], []]);
  return text.rcode;
}

function metric({ host }: Service, name: string): string {
  const lines = host.metrics.render().split('\n');
  return lines.find((line) => line.startsWith(`coredns_acl_${name}`)) ?? '';
}

afterEach(() => vi.restoreAllMocks());

describe('acl decides', () => {
  it('by the first policy that fits', async () => {
    const service = await serve(
      acl,
      'acl {\nallow net 10.1.0.0/16\nblock net 10.0.0.0/8\nfilter net 192.0.2.1 2001:db8::/32\ndrop net 198.51.100.0/24\n}',
    );
    expect(decide(service, '10.1.2.3')).toBe('passed on');
    expect(decide(service, '10.2.2.3')).toBe('REFUSED');
    expect(decide(service, '::ffff:10.2.2.3')).toBe('REFUSED');
    expect(decide(service, '192.0.2.1')).toBe('NOERROR');
    expect(decide(service, '2001:db8::7')).toBe('NOERROR');
    expect(decide(service, '198.51.100.9')).toBe('silence');
    expect(decide(service, '203.0.113.1')).toBe('passed on');
    expect(decide(service, '2001:db9::')).toBe('passed on');
  });

  it.each([
    ['block type ANY AAAA net 10.0.0.0/8', '10.0.0.1', 'AAAA', 'REFUSED'],
    ['block type ANY AAAA net 10.0.0.0/8', '10.0.0.1', 'A', 'passed on'],
    ['block type ANY AAAA net 10.0.0.0/8', '11.0.0.1', 'AAAA', 'passed on'],
    ['block net 10.0.0.0/8 type AAAA', '10.0.0.1', 'AAAA', 'REFUSED'],
    ['block TYPE A type TXT', '10.0.0.1', 'TXT', 'REFUSED'],
    ['block type TYPE65', '10.0.0.1', 'HTTPS', 'REFUSED'],
    ['BLOCK', '10.0.0.1', 'MX', 'REFUSED'],
    ['block type *', '::1', 'MX', 'REFUSED'],
    ['block net *', '::1', 'MX', 'REFUSED'],
    ['block type A * net 10.0.0.0/8 *', '::1', 'MX', 'REFUSED'],
  ])('%s: %s %s', async (policy, address, type, expected) => {
    expect(decide(await serve(acl, `acl {\n${policy}\n}`), address, 'www.example.', type)).toBe(expected);
  });

  it('with the next rule set where none of a rule set fits, and with none at all by letting it through', async () => {
    const service = await serve(acl, 'acl {\nblock net 10.0.0.0/8\n}\nacl {\nfilter net 10.0.0.0/7\n}');
    expect(decide(service, '10.0.0.1')).toBe('REFUSED');
    expect(decide(service, '11.0.0.1')).toBe('NOERROR');
    expect(decide(service, '12.0.0.1')).toBe('passed on');
  });

  it('once: what one rule set allows no later one refuses', async () => {
    const service = await serve(acl, 'acl {\nallow net 10.0.0.0/8\n}\nacl {\nblock\n}');
    expect(decide(service, '10.0.0.1')).toBe('passed on');
    expect(decide(service, '11.0.0.1')).toBe('REFUSED');
  });

  it('in the order of the lines, also where several do the same', async () => {
    const service = await serve(
      acl,
      'acl {\nblock net 10.0.0.1\nblock net 10.0.0.2\nallow net 10.0.0.0/24\nblock net 10.0.0.3\nblock\n}',
    );
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.1.1'].map((address) => decide(service, address))).toEqual([
      'REFUSED',
      'REFUSED',
      'passed on',
      'REFUSED',
    ]);
  });

  it('for its zones alone, or those of the block', async () => {
    const zones = await serve(acl, 'acl a.example 10.0.0.0/8 {\nblock\n}');
    expect(decide(zones, '10.0.0.1', 'x.A.example.')).toBe('REFUSED');
    expect(decide(zones, '10.0.0.1', '1.0.0.10.in-addr.arpa.')).toBe('REFUSED');
    expect(decide(zones, '10.0.0.1', 'example.')).toBe('passed on');
    const block = await serve(acl, 'acl {\nblock\n}', { zones: ['b.example'] });
    expect(decide(block, '10.0.0.1', 'b.example.')).toBe('REFUSED');
    expect(decide(block, '10.0.0.1', 'a.example.')).toBe('passed on');
  });

  it('CVE-2026-33489: by labels, not by the end of the text', async () => {
    const service = await serve(acl, 'acl example.org {\nallow\n}\nacl {\nblock\n}');
    expect(decide(service, '10.0.0.1', 'www.example.org.')).toBe('passed on');
    expect(decide(service, '10.0.0.1', 'notexample.org.')).toBe('REFUSED');
    expect(decide(service, '10.0.0.1', String.raw`not\.example.org.`)).toBe('REFUSED');
    const blocking = await serve(acl, 'acl example.org {\nblock\n}');
    expect(decide(blocking, '10.0.0.1', 'notexample.org.')).toBe('passed on');
    expect(decide(blocking, '10.0.0.1', 'EXAMPLE.org.')).toBe('REFUSED');
  });
});

describe('acl says why', () => {
  it.each([
    ['block', 15, 'blocked'],
    ['filter', 17, 'filtered'],
  ])('%s: Extended DNS Error %i', async (action, code, word) => {
    const { plugin } = await serve(acl, `acl {\n${action}\n}`);
    expect(ask(plugin, makeQuery('www.example.', 'A'))).toMatchObject({ explanation: { code, word } });
  });
});

describe('an answer is for other clients too', () => {
  const fine = next(reply({}));
  const mayReplay = async (lines: string, name = 'www.example.', type = 'A'): Promise<boolean> => {
    const { plugin } = await serve(acl, lines);
    expect(plugin.replayable).toBe(true);
    const query = makeQuery(name, type);
    ask(plugin, query, fine);
    return query.replaying.allowed;
  };

  it.each([
    'acl {\nblock type ANY\n}',
    'acl {\nfilter\n}',
    'acl {\nallow type A\nblock net 10.0.0.0/8\n}',
    'acl other.example {\nblock net 10.0.0.0/8\n}',
    'acl {\nblock type AAAA net 10.0.0.0/8\n}',
    'acl {\nblock type MX net *\n}',
  ])('where its address was not looked at: %s', async (lines) => {
    expect(await mayReplay(lines)).toBe(true);
  });

  it.each([
    'acl {\nblock net 10.0.0.0/8\n}',
    'acl {\nallow net 127.0.0.0/8\nblock\n}',
    'acl {\nblock type MX\nblock net 10.0.0.0/8\nallow\n}',
    'acl {\nblock type AAAA\n}\nacl example {\nblock type A net 10.0.0.0/8\n}',
  ])('but not where it was: %s', async (lines) => {
    expect(await mayReplay(lines)).toBe(false);
  });
});

describe('acl counts', () => {
  it('what it lets through and what it does not, once more whenever an answer is given again', async () => {
    const service = await serve(
      acl,
      'acl EXAMPLE org {\nallow type A\nblock type MX\nfilter type TXT\ndrop type NS\n}',
    );
    for (const type of ['A', 'AAAA', 'MX', 'TXT', 'NS']) {
      const query = makeQuery('www.example.', type);
      ask(service.plugin, query);
      redo(query);
    }
    ask(service.plugin, makeQuery('www.org.', 'MX'));
    ask(service.plugin, makeQuery('www.net.', 'MX'));
    expect(metric(service, 'allowed')).toBe('coredns_acl_allowed_requests_total{server="dns://:53",view=""} 5');
    for (const name of ['blocked', 'filtered', 'dropped']) {
      expect(metric(service, name)).toBe(
        `coredns_acl_${name}_requests_total{server="dns://:53",view="",zone="example."} 2`,
      );
    }
    expect(service.host.metrics.render()).toContain(
      'coredns_acl_blocked_requests_total{server="dns://:53",view="",zone="org."} 1',
    );
  });

  it('by the view of its block', async () => {
    const plain = makeHost();
    const host = makeHost({ block: { ...plain.block, view: 'inside' } });
    const service = await serve(acl, 'acl {\nallow type A\nblock\n}', { host });
    ask(service.plugin, makeQuery('www.example.', 'A'));
    ask(service.plugin, makeQuery('www.example.', 'MX'));
    expect(metric(service, 'allowed')).toContain('{server="dns://:53",view="inside"} 1');
    expect(metric(service, 'blocked')).toContain('{server="dns://:53",view="inside",zone="."} 1');
  });
});

describe('acl reports', () => {
  it.each([
    ['acl {\nalow\n}', "unknown policy of 'acl' 'alow'", "did you mean 'allow'?"],
    ['acl {\nblock types A\n}', "unknown word behind 'block' 'types'", "did you mean 'type'?"],
    ['acl {\nblock 10.0.0.0/8\n}', "unknown word behind 'block' '10.0.0.0/8'", 'expected: type, net'],
    ['acl {\nblock type\n}', "'type' stands without anything behind it", 'expected: types such as A AAAA, or *'],
    ['acl {\nblock type net 10.0.0.0/8\n}', "'type' stands without anything behind it", ''],
    ['acl {\nblock net\n}', "'net' stands without anything behind it", 'expected: networks such as'],
    ['acl {\nblock type aaaa\n}', 'a type is written in capitals', "did you mean 'AAAA'?"],
    ['acl {\nblock type AAAAA\n}', "unknown type 'AAAAA'", "did you mean 'AAAA'?"],
    ['acl {\nblock net 10.0.0.0/33\n}', "'10.0.0.0/33' is neither a network nor an address", 'expected: 10.0.0.0/8'],
    ['acl {\nblock net localhost\n}', "'localhost' is neither a network nor an address", ''],
    ['acl {\nblock {\nnet 10.0.0.0/8\n}\n}', "'block' takes no block", ''],
    ['acl a..b {\nblock\n}', 'zone is not a valid domain name', ''],
    ['acl', "warning: 'acl' has no policies, so that everything is allowed", 'expected: acl { allow|block'],
    ['acl {\n}', "warning: 'acl' has no policies", ''],
    [
      'acl {\nallow net 10.0.0.0/8\n}',
      "warning: 'acl' refuses nobody: what no policy is for is allowed",
      "a line 'block'",
    ],
    ['acl a.example {\nallow\n}\nacl {\nallow type A\n}', "warning: 'acl' refuses nobody", ''],
    [
      'acl {\nblock\nallow net 10.0.0.0/8\n}',
      "4:1: warning: no query comes so far: 'block' above is for all",
      'in front of',
    ],
  ])('%s', (lines, message, hint) => {
    expectProblem(problemsOf(acl, lines), message, hint);
  });

  it.each([
    ['other.org', ['example.org'], "'other.org' is outside of 'example.org'"],
    ['other.org example.net', ['a.example.org', 'example.com'], "'other.org example.net' are outside of"],
    ['xexample.org', ['example.org'], "'xexample.org' is outside of 'example.org'"],
    ['10.1.0.0/16', ['10.2.0.0/15'], "'10.1.0.0/16' is outside of '2.10.in-addr.arpa 3.10.in-addr.arpa'"],
  ])('zones %s in a block of %j', (words, zones, where) => {
    const [problem, ...others] = problemsOf(acl, `acl ${words} {\nblock\n}`, { zones });
    expect(problem).toContain(`Corefile:2:5: warning: no query comes so far: ${where}`);
    expect(others).toEqual([]);
  });

  it.each([
    ['', ['example.org']],
    ['other.org', ['.']],
    ['.', ['example.org']],
    ['ORG', ['example.org']],
    ['a.Example.org', ['example.ORG']],
    ['other.org example.org', ['example.org']],
    ['10.0.0.0/25', ['10.0.0.0/24']],
    ['10.0.0.0/8', ['10.0.0.0/23']],
    ['2001:db8::/33', ['2001:db8::/32']],
  ])('but not zones %s in a block of %j', (words, zones) => {
    expect(problemsOf(acl, `acl ${words} {\nblock\n}`, { zones })).toEqual([]);
  });

  it('zones of some other block by their rule set, unless names become others', () => {
    const outside = 'acl {\nblock\n}\nacl other.org {\nblock\n}';
    expectProblem(problemsOf(acl, outside, { zones: ['example.org'] }), 'Corefile:5:5: warning: no query comes so far');
    expect(problemsOf(acl, `${outside}\nrewrite name a.example.org a.other.org`, { zones: ['example.org'] })).toEqual(
      [],
    );
  });

  it('a zone that is none once', () => {
    expectProblem(
      problemsOf(acl, 'acl a..b {\nblock\n}', { zones: ['example.org'] }),
      'zone is not a valid domain name',
    );
  });

  it('more networks than there may be', () => {
    const line = `block net ${Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 0xff}`).join(' ')}`;
    const lines = Array.from({ length: bounds.aclNetworks / 1000 }, () => line);
    expect(problemsOf(acl, `acl {\n${lines.join('\n')}\n}`)).toEqual([]);
    const problems = problemsOf(acl, `acl {\n${lines.join('\n')}\n}\nacl {\nblock net 10.0.0.1 10.0.0.2\n}`);
    expectProblem(problems, `there are more than ${bounds.aclNetworks} networks`);
  });
});

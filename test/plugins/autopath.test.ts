/** `autopath` with a file: what its manual page promises. */
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { autopath } from '../../src/plugins/autopath/autopath.ts';
import { readSearch } from '../../src/plugins/autopath/search-file.ts';
import { ipv6 } from '../../src/plugins/ipv6/ipv6.ts';
import { encode, readReply } from '../rfc/asking.ts';
import { startTestServer } from '../support/server.ts';
import { chained, temporaryFile, type Chained } from './chained.ts';
import { summariesOf } from './problems.ts';
import { redo } from './replay.ts';
import { type QueryOptions, textOf } from './support.ts';
import { type Known, type World, world } from './world.ts';

const V4 = [192, 0, 2, 1] as const;
const V6 = [0x20, 0x01, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] as const;
const FIRST = 'www.example.com.one.test.';

interface Serving extends Chained {
  readonly world: World;
  readonly path: string;
}

interface Parts {
  readonly search?: string;
  /** Before the file. */
  readonly zones?: string;
  readonly waits?: boolean;
  readonly filters?: boolean;
}

async function serving(
  names: Readonly<Record<string, Known>> = { 'www.example.com.': [V4] },
  { search = 'search one.test two.test three.test', zones = '', waits = false, filters = false }: Parts = {},
): Promise<Serving> {
  const upstream = world(names, waits);
  const path = temporaryFile(`nameserver 192.0.2.53\n${search}\n`);
  const lines = `autopath ${zones} ${path}${filters ? '\nipv6 filter' : ''}`;
  const one = await chained(lines, filters ? [autopath, ipv6] : [autopath], [upstream]);
  return { ...one, world: upstream, path };
}

const SUCCESS = 'coredns_autopath_success_total';

describe('autopath with a file', () => {
  it.each([false, true])(
    'asks for the rest of the path in its order, the bare name last, and leads there by a CNAME (waiting: %s)',
    async (waits) => {
      const one = await serving(undefined, { waits });
      expect(textOf(await one.answer(one.query(FIRST)))).toEqual({
        rcode: 'NOERROR',
        aa: true,
        answers: [`${FIRST} 60 IN CNAME www.example.com.`, 'www.example.com. 300 IN A 192.0.2.1'],
        authority: [],
        additional: [],
      });
      expect(one.world.taken()).toEqual([
        `${FIRST} A`,
        'www.example.com.two.test. A',
        'www.example.com.three.test. A',
        'www.example.com. A',
      ]);
      expect(one.metric(SUCCESS)).toBe(1);
    },
  );

  it('ends with the first name that exists', async () => {
    const one = await serving({ 'www.example.com.two.test.': [V4], 'www.example.com.': [V4] });
    expect(await one.ask(FIRST)).toEqual([
      `${FIRST} 60 IN CNAME www.example.com.two.test.`,
      'www.example.com.two.test. 300 IN A 192.0.2.1',
    ]);
    expect(one.world.taken()).toHaveLength(2);
  });

  it('asks in lower case, so that the answer is the same in whatever case it was asked for', async () => {
    const one = await serving();
    expect(await one.ask('WWW.Example.com.one.TEST.')).toEqual([
      'WWW.Example.com.one.TEST. 60 IN CNAME www.example.com.',
      'www.example.com. 300 IN A 192.0.2.1',
    ]);
  });

  it('leaves a question alone that has an answer, and counts nothing', async () => {
    const one = await serving({ [FIRST]: [V4] });
    expect(await one.ask(FIRST)).toEqual([`${FIRST} 300 IN A 192.0.2.1`]);
    expect(await one.ask(FIRST, 'AAAA')).toEqual([]);
    expect(one.world.taken()).toEqual([`${FIRST} A`, `${FIRST} AAAA`]);
    expect(one.metric(SUCCESS)).toBeUndefined();
  });

  it('where no name of the path exists, gives the NXDOMAIN of the question itself', async () => {
    const one = await serving({});
    const answer = await one.answer(one.query(FIRST));
    expect(textOf(answer)).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
    expect(one.world.taken()).toHaveLength(4);
    expect(one.metric(SUCCESS)).toBeUndefined();
  });

  it('a name without data of the type ends the path: NODATA with the SOA of the question', async () => {
    const one = await serving({ 'www.example.com.two.test.': [V4], 'www.example.com.': [V6] });
    const missing = textOf(await one.answer(one.query('nothing.here.one.test.', 'AAAA')));
    const answer = textOf(await one.answer(one.query(FIRST, 'AAAA')));
    expect(missing).toMatchObject({ rcode: 'NXDOMAIN' });
    expect(answer).toEqual({ ...(typeof missing === 'string' ? {} : missing), rcode: 'NOERROR' });
  });

  it('gives the CNAME alone to who asks for it', async () => {
    const one = await serving();
    expect(await one.ask(FIRST, 'CNAME')).toEqual([`${FIRST} 60 IN CNAME www.example.com.`]);
  });

  it.each([
    ['failed', ['SERVFAIL silent']],
    ['refused', ['REFUSED']],
    ['silence', ['silence']],
  ] as const)('a candidate that %s ends the path, and is the answer', async (what, expected) => {
    const one = await serving({ 'www.example.com.two.test.': what, 'www.example.com.': [V4] });
    expect(await one.ask(FIRST)).toEqual(expected);
    expect(one.world.taken()).toHaveLength(2);
    expect(one.metric(SUCCESS)).toBeUndefined();
  });

  it('says why a candidate failed', async () => {
    const one = await serving({ 'www.example.com.two.test.': 'failed' });
    expect(await one.answer(one.query(FIRST))).toMatchObject({ explanation: { word: 'upstreams_silent' } });
  });

  it.each([
    ['another name', 'www.example.com.', 'A', {}],
    ['a later domain of the path', 'www.example.com.two.test.', 'A', {}],
    ['the first domain itself', 'one.test.', 'A', {}],
    ['a name that only ends with the same letters', 'www.example.com.stone.test.', 'A', {}],
    ['another class', FIRST, 'A', { class: 'CH' }],
  ] as const)('leaves %s alone', async (_what, name, type, options: QueryOptions) => {
    const one = await serving({});
    expect(await one.ask(name, type, options)).toEqual(['NXDOMAIN']);
    expect(one.world.taken()).toEqual([`${name} A`]);
  });

  it('leaves alone what the server looks up itself', async () => {
    const one = await serving();
    const outcome = await one.query('alias.test.').lookup(one.query(FIRST).name, 1);
    expect(textOf(outcome)).toMatchObject({ rcode: 'NXDOMAIN' });
    expect(one.world.taken()).toEqual([`${FIRST} A`]);
  });

  it('acts in its zones alone', async () => {
    const one = await serving(undefined, { zones: 'other.test one.test' });
    expect(await one.ask(FIRST)).toHaveLength(2);
    const other = await serving(undefined, { zones: 'other.test' });
    expect(await other.ask(FIRST)).toEqual(['NXDOMAIN']);
  });

  it('a path that is longer than the look-ups of a query is left to the client', async () => {
    const domains = Array.from({ length: 40 }, (_, i) => `d${i}.test`).join(' ');
    const one = await serving(undefined, { search: `search one.test ${domains}` });
    expect(await one.ask(FIRST)).toEqual(['NXDOMAIN']);
    expect(one.world.taken()).toHaveLength(17);
  });

  it('passes over candidates that would be too long', async () => {
    const long = Array.from({ length: 4 }, () => 'x'.repeat(50)).join('.');
    const one = await serving({ [`${long}.`]: [V4] }, { search: `search t.test ${'y'.repeat(60)}.test` });
    expect(await one.ask(`${long}.t.test.`)).toHaveLength(2);
    expect(one.world.taken()).toHaveLength(2);
  });

  it('may be given again, with its count, until the file changes', async () => {
    const one = await serving();
    const query = one.query(FIRST);
    await one.answer(query);
    expect(query.replaying.allowed).toBe(true);
    redo(query);
    expect(one.metric(SUCCESS)).toBe(2);
    expect(query.account.holds).toBe(true);
    writeFileSync(one.path, 'search four.test\n');
    await vi.waitFor(() => expect(query.account.holds).toBe(false), { timeout: 5000, interval: 10 });
    expect(await one.ask(FIRST)).toEqual(['NXDOMAIN']);
    expect(await one.ask('www.example.com.four.test.')).toHaveLength(2);
  });

  it('a question that is not the first of a path rests on the file too', async () => {
    const one = await serving({}, { search: '' });
    const query = one.query(FIRST);
    await one.answer(query);
    writeFileSync(one.path, 'search one.test\n');
    await vi.waitFor(() => expect(query.account.holds).toBe(false), { timeout: 5000, interval: 10 });
  });
});

describe('beside other server blocks', () => {
  /** The response code and the addresses for each client. */
  async function answersOf(corefile: string, name: string, clients: readonly string[]): Promise<readonly string[]> {
    const server = await startTestServer({ corefile });
    onTestFinished(() => server.close());
    const replies = clients.map(async (clientAddress) => server.ask(encode({ ask: `${name} A` }), { clientAddress }));
    return (await Promise.all(replies)).map((octets) => {
      const { rcode, packet } = readReply(octets ?? new Uint8Array());
      return [rcode, ...packet.answers.flatMap((one) => (one.type === 'A' ? one.data : []))].join(' ');
    });
  }

  const noNames = (...zones: readonly string[]): string => `template ANY ANY ${zones.join(' ')} {\nrcode NXDOMAIN\n}`;

  it('the block that a name belongs to answers it, under its own access list', async () => {
    const path = temporaryFile('search one.test two.test\n');
    const wrong = 'template IN A corp.test {\nanswer "{{ .Name }} 60 IN A 192.0.2.66"\n}';
    const corefile =
      `. {\nautopath ${path}\n${wrong}\n${noNames('one.test', 'two.test')}\n}\n` +
      'corp.test {\nacl {\nblock net 192.0.2.99\n}\nhosts {\n10.0.0.1 www.corp.test\n}\n}\n';
    const clients = ['192.0.2.1', '192.0.2.99', '192.0.2.1'];
    expect(await answersOf(corefile, 'www.corp.test.one.test.', clients)).toEqual([
      'NOERROR 10.0.0.1',
      'REFUSED',
      'NOERROR 10.0.0.1',
    ]);
  });

  it.each([
    ['no block serves', 'one.test two.test'],
    ['no directive answers', '.'],
  ])('a path with a name that %s is left to the client', async (_what, zones) => {
    const path = temporaryFile('search one.test two.test\n');
    const corefile = `${zones} {\nautopath ${path}\n${noNames('one.test', 'two.test')}\n}\n`;
    expect(await answersOf(corefile, 'www.example.com.one.test.', ['192.0.2.1'])).toEqual(['NXDOMAIN']);
  });
});

describe('beside ipv6', () => {
  it('the A records of a candidate tell whether it exists, where IPv6 addresses are filtered', async () => {
    const one = await serving(undefined, { filters: true });
    // No candidate can be told to exist by its AAAA, which is not asked for: that of the question is filtered as well.
    expect(await one.ask(FIRST, 'AAAA')).toEqual([]);
    expect(one.world.taken()).toEqual([]);
  });
});

describe('the file', () => {
  it.each([
    ['search a.test b.test', ['a.test.', 'b.test.']],
    ['search a.test\nsearch b.test', ['b.test.']],
    ['search a.test\ndomain b.test c.test', ['b.test.']],
    ['domain a.test\n\tsearch  b.test.\tc.test ', ['b.test.', 'c.test.']],
    ['; search a.test\n#search b.test\nsearch c.test # d.test', ['c.test.']],
    ['search a.test A.TEST . b.test', ['a.test.', 'b.test.']],
    ['searching a.test\nnameserver 192.0.2.1', []],
    ['search a.test\nsearch', []],
    ['search a.test\r\n', ['a.test.']],
  ])('%j', (text, expected) => {
    const reading = readSearch(text);
    expect(reading.kind === 'domains' ? reading.domains.map(String) : reading.text).toEqual(expected);
  });

  it('names the line of what is no domain', () => {
    expect(readSearch('\nsearch a..b')).toEqual({ kind: 'wrong', text: "2: 'a..b' is not a domain" });
  });

  it('may be missing at first: nothing is done until it is there', async () => {
    const path = `${temporaryFile('')}.later`;
    const upstream = world({ 'www.example.com.': [V4] });
    const one = await chained(`autopath ${path}`, [autopath], [upstream]);
    expect(one.host.takeLines().join()).toContain(`${path} does not exist`);
    expect(await one.ask(FIRST)).toEqual(['NXDOMAIN']);
    writeFileSync(path, 'search one.test\n');
    await vi.waitFor(async () => expect(await one.ask(FIRST)).toHaveLength(2), { timeout: 5000, interval: 10 });
  });

  it.each([
    ['is gone', undefined],
    [":1: 'a..b' is not a domain", 'search a..b\n'],
    ['has more than 65536 octets', `search one.test\n${'#'.repeat(70_000)}`],
  ])('that %s while it is in use leaves its last content: one line, counted', async (text, content) => {
    const one = await serving();
    if (content === undefined) rmSync(one.path);
    else writeFileSync(one.path, content);
    const lines: string[] = [];
    await vi.waitFor(
      () => {
        lines.push(...one.host.takeLines());
        expect(lines.join()).toContain(text);
      },
      { timeout: 10_000, interval: 10 },
    );
    expect(lines).toHaveLength(1);
    expect(one.metric('nodens_autopath_reload_failures_total')).toBe(1);
    expect(await one.ask(FIRST)).toHaveLength(2);
  });
});

describe('errors of autopath', () => {
  it.each([
    ['autopath', "'autopath' needs an argument | expected: autopath [ZONES…] RESOLV-CONF"],
    ['autopath ""', 'the name of the file is empty | expected: a file such as /etc/resolv.conf, or @kubernetes'],
    [
      'autopath @erratic',
      "no directive gives search paths as '@erratic' | expected: a file such as /etc/resolv.conf, or @kubernetes",
    ],
    ['autopath f {\nx\n}', "'autopath' takes no block | expected: no '{' on this line"],
    [
      'autopath f\nautopath g',
      "'autopath' can be used once per server block, and stands at Corefile:2:1 already | expected: one 'autopath' in this block",
    ],
  ])('%j', (lines, expected) => {
    expect(summariesOf(autopath, lines)).toEqual([expected]);
  });

  it('a zone that is none', () => {
    expect(summariesOf(autopath, 'autopath a..b f')[0]).toContain('zone is not a valid domain name');
  });

  it.each([
    [
      'autopath @kubernetes',
      "warning: '@kubernetes' does nothing without a 'kubernetes' directive in the same server block | " +
        "expected: kubernetes cluster.local { pods verified } beside it, or no 'autopath'",
    ],
    [
      'autopath @kubernetes\nkubernetes cluster.local {\npods verified\npods insecure\n}',
      "warning: '@kubernetes' does nothing without 'pods verified': clients are known by the addresses of pods | " +
        "expected: pods verified in the block of 'kubernetes', or searchpath { complete } in place of 'autopath'",
    ],
    [
      'autopath f\nkubernetes cluster.local\nsearchpath {\ncomplete\n}',
      "warning: 'autopath' acts first, and 'complete' of 'searchpath' only where it finds nothing | expected: one of the two",
    ],
  ])('warning: %j', (lines, expected) => {
    expect(summariesOf(autopath, lines)).toEqual([expected]);
  });

  it.each([
    'autopath f',
    'autopath a.test 10.0.0.0/8 /etc/resolv.conf',
    'autopath @kubernetes\nkubernetes cluster.local {\npods verified\n}',
    'autopath f\nkubernetes cluster.local\nsearchpath {\nshort_names\n}',
  ])('none: %j', (lines) => {
    expect(summariesOf(autopath, lines)).toEqual([]);
  });
});

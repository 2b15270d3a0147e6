/** Several blocks for one zone: which of them a query comes to. The whole pipeline without sockets. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadCorefile } from '../../src/corefile/corefile.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { Name } from '../../src/dns/name.ts';
import { failure, rcodeOfAnswer } from '../../src/plugins/answer.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { planServer } from '../../src/server/plan.ts';
import { Router } from '../../src/server/router.ts';
import { Server } from '../../src/server/server.ts';
import { makeQuery } from '../plugins/support.ts';
import { encode, readReply } from '../rfc/asking.ts';
import { type AskOptions, startTestServer } from '../support/server.ts';
import { ask as askText, prepare, run, saying, udp } from './running.ts';

/** Asks for the text of a name: what the block says, or the response code. */
async function views(corefile: string): Promise<(ask: string, options?: AskOptions) => Promise<string>> {
  const server = await startTestServer({ corefile });
  onTestFinished(() => server.close());
  return async (ask, options) => {
    const octets = await server.ask(encode({ ask }), options);
    if (octets === undefined) return 'silence';
    const { rcode, packet } = readReply(octets);
    const text = packet.answers.flatMap((one) => (one.type === 'TXT' ? [String(one.data)] : []));
    return text.length === 0 ? rcode : text.join(' ');
  };
}

const within = (name: string, network: string): string => `view ${name} {\nexpr incidr(client_ip(), '${network}')\n}`;

const INSIDE: AskOptions = { clientAddress: '10.0.0.9' };
const ELSEWHERE: AskOptions = { clientAddress: '203.0.113.9' };

describe('blocks of one zone', () => {
  it('are tried in the order of the file', async () => {
    const ask = await views(
      saying('narrow', { lines: within('a', '10.0.0.0/24') }) +
        saying('wide', { lines: within('b', '10.0.0.0/8') }) +
        saying('rest'),
    );
    expect(await ask('x.test TXT', INSIDE)).toBe('narrow');
    expect(await ask('x.test TXT', { clientAddress: '10.9.0.9' })).toBe('wide');
    expect(await ask('x.test TXT', ELSEWHERE)).toBe('rest');
    expect(await ask('x.test TXT', { clientAddress: '2001:db8::1' })).toBe('rest');
  });

  it('send a query that none of them takes on to the zone above, and so on to the root', async () => {
    const ask = await views(
      saying('sub', { keys: 'sub.example.org', lines: within('a', '10.0.0.0/24') }) +
        saying('example', { keys: 'example.org', lines: within('b', '10.0.0.0/8') }) +
        saying('root', { lines: within('c', '0.0.0.0/0') }),
    );
    expect(await ask('www.sub.example.org TXT', INSIDE)).toBe('sub');
    expect(await ask('sub.example.org TXT', { clientAddress: '10.9.0.9' })).toBe('example');
    expect(await ask('a.www.sub.example.org TXT', ELSEWHERE)).toBe('root');
    expect(await ask('www.sub.example.org TXT', { clientAddress: '::1' })).toBe('REFUSED');
  });

  it('give DS to the block of the parent that takes it, and keep it where that is the root', async () => {
    const ask = await views(
      saying('child', { keys: 'sub.example.org', lines: '' }).replace('IN TXT {', 'IN ANY {') +
        saying('parent', { keys: 'example.org', lines: within('b', '10.0.0.0/8') }).replace('IN TXT {', 'IN ANY {') +
        saying('root').replace('IN TXT {', 'IN ANY {'),
    );
    expect(await ask('sub.example.org DS', INSIDE)).toBe('parent');
    expect(await ask('sub.example.org DS', ELSEWHERE)).toBe('child');
    expect(await ask('sub.example.org TXT', INSIDE)).toBe('child');
  });

  it('are chosen anew for a look-up on the way, for the client who asked', async () => {
    const target = (text: string, lines: string): string =>
      `target.test {\n${lines}\ntemplate IN A {\nanswer "{{ .Name }} 5 IN A ${text}"\n}\n}\n`;
    const alias = '. {\ntemplate IN A {\nanswer "{{ .Name }} 5 IN CNAME a.target.test."\n}\n}\n';
    const server = await startTestServer({
      corefile: alias + target('192.0.2.1', within('in', '10.0.0.0/8')) + target('192.0.2.2', ''),
    });
    onTestFinished(() => server.close());
    const addresses = async (options: AskOptions): Promise<readonly string[]> => {
      const { packet } = readReply((await server.ask(encode({ ask: 'x.test A' }), options)) ?? new Uint8Array());
      return packet.answers.flatMap((one) => (one.type === 'A' ? [one.data] : []));
    };
    expect(await addresses(INSIDE)).toEqual(['192.0.2.1']);
    expect(await addresses(ELSEWHERE)).toEqual(['192.0.2.2']);
  });

  it('answer SERVFAIL where a view is all that the block has, as CoreDNS does', async () => {
    const ask = await views(`. {\n${within('a', '10.0.0.0/8')}\n}\n${saying('rest')}`);
    expect(await ask('x.test TXT', INSIDE)).toBe('SERVFAIL');
    expect(await ask('x.test TXT', ELSEWHERE)).toBe('rest');
  });

  it('look at the pod that asks, where its cluster knows it', async () => {
    const manifests = ['a', 'b']
      .map(
        (namespace, i) =>
          `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${namespace} }\n---\napiVersion: v1\nkind: Pod\n` +
          `metadata: { name: client, namespace: ${namespace} }\nstatus: { phase: Running, podIP: 10.1.0.${i} }\n---\n`,
      )
      .join('');
    const lines =
      "metadata\nkubernetes cluster.local {\npods verified\n}\nview a {\nexpr metadata('kubernetes/client-namespace') == 'a'\n}";
    const server = await startTestServer({ corefile: saying('mine', { lines }) + saying('rest'), manifests });
    onTestFinished(() => server.close());
    const ask = async (clientAddress: string): Promise<string> => {
      const octets = await server.ask(encode({ ask: 'x.test TXT' }), { clientAddress });
      const [answer] = readReply(octets ?? new Uint8Array()).packet.answers;
      return answer?.type === 'TXT' ? String(answer.data) : 'none';
    };
    expect([await ask('10.1.0.0'), await ask('10.1.0.1'), await ask('10.1.0.2')]).toEqual(['mine', 'rest', 'rest']);
  });
});

describe('a reload', () => {
  it('takes another expression into service, and keeps the old one where the new one is wrong', async () => {
    const corefile = (expression: string): string =>
      saying('mine', { lines: `view v {\nexpr ${expression}\n}` }) + saying('rest');
    const { server, port, configure, log } = await run(corefile("proto() == 'udp'"));
    const client = await udp(port());
    expect(await askText(client)).toBe('mine');
    configure(corefile("proto() == 'tcp'"));
    expect([await server.reload(), await askText(client)]).toEqual([true, 'rest']);
    configure(corefile("proto() = 'udp'"));
    expect([await server.reload(), await askText(client)]).toEqual([false, 'rest']);
    expect(log.count("'=' where it cannot stand")).toBe(1);
  });
});

describe('what is counted for a view', () => {
  it('has its name as a label', async () => {
    const { start } = prepare(
      saying('mine', { lines: `${within('inside', '127.0.0.0/8')}\nmetadata\ncache` }) +
        saying('rest', { lines: 'cache' }),
    );
    const server = await Server.start(start);
    onTestFinished(() => server.close());
    const client = await udp(server.listening[0]?.tcp.bound[0]?.port ?? 0);
    expect(await askText(client)).toBe('mine');
    const series = start.parts.metrics.render().split('\n');
    const counted = (name: string, view: string): readonly string[] =>
      series.filter((line) => line.startsWith(`coredns_${name}{`) && line.includes(`view="${view}"`));
    expect(counted('cache_requests_total', 'inside').map((line) => line.at(-1))).toEqual(['1']);
    expect(counted('cache_requests_total', '').map((line) => line.at(-1))).toEqual(['0']);
    expect(counted('template_matches_total', 'inside').map((line) => line.at(-1))).toEqual(['1']);
  });
});

describe('whatever zones and views there are', () => {
  const ZONES = ['.', 'org.', 'example.org.', 'www.example.org.', 'net.'] as const;
  const block = fc.record({ zone: fc.constantFrom(...ZONES), takes: fc.subarray([1, 2, 3]) });

  it('the first block of the longest zone that takes the query answers it', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 12 }),
        fc.constantFrom('a.www.example.org.', 'www.example.org.', 'example.org.', 'b.net.', 'x.', '.'),
        fc.constantFrom(1, 2, 3),
        (blocks, name, id) => {
          const routes = blocks.map(({ zone, takes }, i) => ({
            zone: Name.fromText(zone),
            chain: { answer: () => failure(100 + i, explain('internalError')) },
            anyClass: false,
            accepts: takes.length === 3 ? undefined : () => takes.includes(id),
          }));
          const outcome = new Router(routes, 'dns://:53').resolve(makeQuery(name, 'A'));
          const order = blocks
            .map(({ zone, takes }, i) => ({ zone, takes, i }))
            .filter(
              ({ zone, takes }) => takes.includes(id) && (zone === '.' || name === zone || name.endsWith(`.${zone}`)),
            )
            .toSorted((a, b) => b.zone.length - a.zone.length || a.i - b.i);
          const expected = order[0] === undefined ? 5 : 100 + order[0].i;
          if (outcome instanceof Promise) throw new Error('blocks answer in the same tick');
          expect(rcodeOfAnswer(outcome)).toBe(expected);
        },
      ),
    );
  });
});

describe('a zone that several blocks serve, in the plan', () => {
  const problems = (text: string): readonly string[] => {
    const found = new Problems();
    const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '/' }, {}, found);
    if (corefile === undefined) throw new Error('a text can always be read');
    planServer(corefile, { defaultPort: 53, bind: [], fixtures: ['x'], folder: '/' }, found);
    return found.list.map(renderProblem);
  };
  const plain = saying('plain');
  const viewed = saying('viewed', { lines: within('a', '10.0.0.0/8') });

  it.each([
    ['the block without a view last', viewed + viewed + plain],
    ['none without a view', viewed + viewed],
    ['other zones', plain + saying('x', { keys: 'a.test', lines: within('a', '10.0.0.0/8') })],
    ['other ports', plain + saying('x', { keys: '.:5300', lines: within('a', '10.0.0.0/8') })],
  ])('is fine with %s', (_, text) => {
    expect(problems(text)).toEqual([]);
  });

  it('is an error where a block stands behind the one that takes everything', () => {
    expect(problems(plain + viewed)).toEqual([
      'Corefile:7:1: cannot serve dns://.:53 - it is already defined\n    . {\n    ^\n' +
        "  expected: this block before the one without 'view', which takes all that is left",
    ]);
    expect(problems(plain + viewed.replace('. {', '.:53 {'))[0]).toContain('it is already defined');
  });

  it('is an error with two blocks without a view, wherever they stand', () => {
    expect(problems(plain + viewed + plain)).toHaveLength(2);
    expect(problems(viewed + plain + plain)).toHaveLength(1);
  });

  it('is fine in each example of the manual page', () => {
    const page = readFileSync(new URL('../../src/plugins/view/README.md', import.meta.url), 'utf8');
    const examples = (page.split('## EXAMPLES')[1]?.split('## METRICS')[0] ?? '')
      .split(/\n\n(?! {4})/)
      .flatMap((part) => / {4}[^]*/.exec(part)?.[0].replaceAll(/^ {4}/gm, '') ?? []);
    expect(examples).toHaveLength(4);
    for (const example of examples) {
      const text = example.startsWith('view') ? `. {\n${example}\nwhoami\n}\n` : example;
      expect(problems(text), text).toEqual([]);
    }
  });

  it('is not reported where the view itself is wrong', () => {
    const wrong = saying('x', { lines: 'view a {\nexpr 5\n}' });
    expect(problems(wrong + plain).join('\n')).not.toContain('already defined');
  });
});

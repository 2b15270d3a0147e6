import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { OptionCode } from '../../src/dns/constants.ts';
import type { EdnsOption } from '../../src/dns/edns.ts';
import { nsid } from '../../src/plugins/nsid/nsid.ts';
import { encode, serving } from '../rfc/asking.ts';
import { expectProblem } from './problems.ts';
import { PASSED_ON, ask, makeQuery, problemsOf, serve } from './support.ts';

const WANTED: EdnsOption = { code: OptionCode.NSID, data: new Uint8Array(0) };

async function optionsFor(lines: string, options: readonly EdnsOption[] | undefined): Promise<readonly string[]> {
  const { plugin } = await serve(nsid, lines);
  const query = makeQuery('www.example.', 'A', options === undefined ? {} : { edns: { options } });
  // As a look-up on the way to the answer does, which has the same account.
  expect(ask(plugin, query)).toBe(PASSED_ON);
  expect(ask(plugin, query)).toBe(PASSED_ON);
  return query.account.replyOptions.map(({ code, data }) => `${code} ${Buffer.from(data).toString()}`);
}

describe('nsid', () => {
  it('names the server to a client that asks for it', async () => {
    expect(await optionsFor('nsid Use The Force', [WANTED])).toEqual(['3 Use The Force']);
    expect(await optionsFor('nsid "one  word"', [{ code: 10, data: new Uint8Array(8) }, WANTED])).toEqual([
      '3 one  word',
    ]);
    expect(await optionsFor('nsid', [WANTED])).toEqual([`3 ${hostname()}`]);
  });

  it('says nothing to any other', async () => {
    expect(await optionsFor('nsid here', undefined)).toEqual([]);
    expect(await optionsFor('nsid here', [])).toEqual([]);
    expect(await optionsFor('nsid here', [{ code: 10, data: new Uint8Array(8) }])).toEqual([]);
  });

  it('may be replayed', async () => {
    expect((await serve(nsid, 'nsid')).plugin.replayable).toBe(true);
  });

  it.each([
    ['nsid {\nx\n}', "'nsid' takes no block"],
    ['nsid a\nnsid b', "'nsid' can be used once per server block, and stands at Corefile:2:1 already"],
    [`nsid ${'x'.repeat(256)}`, 'the name of the server has 256 octets'],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(nsid, lines), message);
  });
});

describe('RFC 5001 §2, in the reply of the server', () => {
  const corefile = '. {\nnsid node-1\nlocal\ntemplate IN TXT {\nrcode SERVFAIL\n}\n}';
  const { ask: exchange } = serving({ corefile, manifests: '' });
  const asking = (dnssecOk: boolean) =>
    encode({ ask: 'localhost. A', edns: { size: 1232, options: [[3, '']], ...(dnssecOk ? { dnssecOk: true } : {}) } });

  it.each([false, true])(
    'the option stands in the OPT record once, and DO is as the client has set it: %s',
    async (dnssecOk) => {
      const { opt } = await exchange(asking(dnssecOk));
      expect(opt?.options).toMatchObject([{ code: 3, data: Buffer.from('node-1') }]);
      expect(opt?.flags).toBe(dnssecOk ? 0x8000 : 0);
    },
  );

  it('it stands beside a failure as well', async () => {
    const { rcode, opt } = await exchange({ ask: 'x.example. TXT', edns: { size: 1232, options: [[3, '']] } });
    expect(rcode).toBe('SERVFAIL');
    expect(opt?.options.filter(({ code }) => code === 3)).toMatchObject([{ data: Buffer.from('node-1') }]);
  });

  it('it is not there for a client that did not ask for it, also after another has', async () => {
    await exchange(asking(false));
    await exchange(asking(false));
    expect((await exchange({ ask: 'localhost. A', edns: { size: 1232 } })).opt?.options).toEqual([]);
    expect((await exchange({ ask: 'localhost. A' })).opt).toBeUndefined();
  });
});

describe('a look-up is made with the request of the client, and not with what a directive made of that for those below', () => {
  const alias = 'template IN A a.test {\nanswer "{{ .Name }} 5 IN CNAME localhost."\n}';
  const { ask: exchange } = serving({
    corefile: `. {\nnsid node-1\nlocal\nrewrite edns0 nsid set\n${alias}\n}`,
    manifests: '',
  });

  it('so that who did not ask for the option gets none', async () => {
    const { packet, opt } = await exchange(encode({ ask: 'a.test. A', edns: { size: 1232 } }));
    expect(packet.answers).toHaveLength(2);
    expect(opt?.options).toEqual([]);
  });
});

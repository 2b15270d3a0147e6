import { describe, expect, it } from 'vitest';
import { whoami } from '../../src/plugins/whoami/whoami.ts';
import { ask, makeQuery, problemsOf, serve, textOf } from './support.ts';

describe('whoami', () => {
  it('gives the address, port and protocol of the client, for any type', async () => {
    const { plugin } = await serve(whoami, 'whoami');
    expect(textOf(ask(plugin, makeQuery('Example.org.', 'MX')))).toEqual({
      rcode: 'NOERROR',
      aa: true,
      answers: [],
      authority: [],
      additional: ['Example.org. 0 IN A 127.0.0.1', '_udp.Example.org. 0 IN SRV 0 0 52988 .'],
    });
  });

  it('gives AAAA and _tcp, in the class of the question', async () => {
    const { plugin } = await serve(whoami, 'whoami');
    const query = makeQuery('.', 'A', {
      class: 'CH',
      client: { clientAddress: 'fe80::1%eth0', clientPort: 9, protocol: 'tcp' },
    });
    expect(textOf(ask(plugin, query))).toMatchObject({ additional: ['. 0 CH AAAA fe80::1', '_tcp. 0 CH SRV 0 0 9 .'] });
  });

  it('leaves the SRV record out where its owner name would be too long', async () => {
    const { plugin } = await serve(whoami, 'whoami');
    const name = `${'a'.repeat(62)}.`.repeat(4);
    expect(textOf(ask(plugin, makeQuery(name, 'A')))).toMatchObject({ additional: [`${name} 0 IN A 127.0.0.1`] });
  });

  it('must not be replayed: the answer is made of who asks', async () => {
    expect((await serve(whoami, 'whoami')).plugin.replayable).toBeUndefined();
  });

  it('takes no arguments', () => {
    expect(problemsOf(whoami, 'whoami x')[0]).toContain("'whoami' takes no arguments");
  });
});

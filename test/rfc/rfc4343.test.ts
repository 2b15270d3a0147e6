/** RFC 4343: letters of names are compared without their case, and keep it. */
import { describe, expect, it } from 'vitest';
import { shop } from '../conformance/groups/shop.ts';
import { serving } from './asking.ts';
import { answersOf, servingZone } from './zone-file.ts';

const zone = servingZone(
  'Example.TEST',
  String.raw`$TTL 60
@ SOA ns hostmaster 1 7200 1800 86400 60
FooBar A 192.0.2.1
foobar A 192.0.2.2
to CNAME MixedCase.Target.
out MX 10 MixedCase.Other.
ptr PTR MixedCase
\065\066 TXT "escaped letters"
\228 TXT "no letter of ASCII"
*.Wild TXT "wild"
nodata TXT x
`,
);
const cluster = serving(shop);

describe('RFC 4343', () => {
  it.each(['foobar', 'FOOBAR', 'FooBar', 'fOObAR'])('§3 %s is the same name in any case', async (name) => {
    const reply = await zone.ask({ ask: `${name}.eXaMpLe.TeSt. A` });
    expect(answersOf(reply).map((line) => line.split(' ').at(-1))).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('§4.1 the owner in the answer is spelt as the question is', async () => {
    const reply = await zone.ask({ ask: 'fOObAR.eXaMpLe.TeSt. A' });
    expect(reply.packet.answers.map(({ name }) => name)).toEqual(['fOObAR.eXaMpLe.TeSt', 'fOObAR.eXaMpLe.TeSt']);
  });

  it('§4.1 names in the data keep the case that they were written in', async () => {
    expect(answersOf(await zone.ask({ ask: 'to.example.test. CNAME' }))).toEqual([
      'to.example.test CNAME MixedCase.Target',
    ]);
    expect(answersOf(await zone.ask({ ask: 'out.example.test. MX' }))).toEqual([
      'out.example.test MX {"preference":10,"exchange":"MixedCase.Other"}',
    ]);
    expect(answersOf(await zone.ask({ ask: 'ptr.example.test. PTR' }))).toEqual([
      'ptr.example.test PTR MixedCase.example.test',
    ]);
  });

  it('§2.1 a letter written with an escape is that letter', async () => {
    expect(answersOf(await zone.ask({ ask: 'ab.example.test. TXT' }))).toEqual(['ab.example.test TXT escaped letters']);
  });

  it('§3 octets beyond ASCII have no case', async () => {
    const ask = async (octet: number): Promise<string> =>
      (
        await zone.ask(
          Buffer.from(
            `abcd0100000100000000000001${octet.toString(16)}${wire('example')}${wire('test')}0000100001`,
            'hex',
          ),
        )
      ).rcode;
    expect([await ask(228), await ask(196)]).toEqual(['NOERROR', 'NXDOMAIN']);
  });

  it('§4.2 wildcards and the SOA of what is missing are found in any case', async () => {
    expect(answersOf(await zone.ask({ ask: 'X.WILD.EXAMPLE.test. TXT' }))).toEqual(['X.WILD.EXAMPLE.test TXT wild']);
    const missing = await zone.ask({ ask: 'NODATA.EXAMPLE.TEST. A' });
    expect(missing.packet.authorities).toMatchObject([{ type: 'SOA', name: 'EXAMPLE.TEST' }]);
  });

  it('§3 in the cluster zone too', async () => {
    const reply = await cluster.ask({ ask: 'WEB.Shop.SVC.cluster.LOCAL. A' });
    expect(reply.packet.answers).toMatchObject([{ type: 'A', name: 'WEB.Shop.SVC.cluster.LOCAL' }]);
  });
});

function wire(label: string): string {
  return Buffer.from([label.length, ...Buffer.from(label)]).toString('hex');
}

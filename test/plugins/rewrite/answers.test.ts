/** Names in answers: back to what was asked for (`answer auto`), or by rules (`answer name`, `answer value`). */
import { describe, expect, it } from 'vitest';
import { Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import type { OpaqueRRset } from '../../../src/dns/rrset.ts';
import { Rcode } from '../../../src/dns/constants.ts';
import { failure, reply } from '../../../src/plugins/answer.ts';
import { explain } from '../../../src/plugins/reasons.ts';
import { recordsOf, textOf } from '../support.ts';
import { answersFor, record, records, replied, through } from './support.ts';

describe('an exact rule', () => {
  it('has what it made told as it was asked for, in owners and in data, in all sections', async () => {
    const made = await replied('rewrite name red.test blue.test', 'red.test.', {
      answers: records('blue.test. 5 CNAME x.blue.test.', 'x.blue.test. 5 A 192.0.2.1'),
      authority: records('test. 5 NS blue.test.'),
      additional: records('blue.test. 5 A 192.0.2.2'),
    });
    expect(textOf(made)).toEqual({
      rcode: 'NOERROR',
      aa: true,
      answers: ['red.test. 5 IN CNAME x.blue.test.', 'x.blue.test. 5 IN A 192.0.2.1'],
      authority: ['test. 5 IN NS red.test.'],
      additional: ['red.test. 5 IN A 192.0.2.2'],
    });
  });

  it('gives the name back in lower case: where it can, the server lets it point to the question', async () => {
    expect(await answersFor('rewrite name red.test blue.test', 'ReD.test.', 'Blue.test. 5 A 192.0.2.1')).toEqual([
      'red.test. 5 IN A 192.0.2.1',
    ]);
  });

  it('has its own rules done first', async () => {
    const lines = 'rewrite name exact red.test blue.test answer name ^x\\.blue red.test';
    expect(await answersFor(lines, 'red.test.', 'blue.test. 5 A 192.0.2.1', 'x.blue.test. 5 A 192.0.2.2')).toEqual([
      'red.test. 5 IN A 192.0.2.1',
      'red.test. 5 IN A 192.0.2.2',
    ]);
  });
});

describe('answer auto', () => {
  it.each([
    ['prefix', 'prefix a. b.', 'a.test.', 'b.test.'],
    ['substring', 'substring mid xyz', 'amidb.test.', 'axyzb.test.'],
    ['regex', String.raw`regex (.*)\.old\.test {1}.new.test`, 'x.old.test.', 'x.new.test.'],
  ])('%s: the name that was made becomes the one that was asked for', async (_, rule, from, to) => {
    const lines = `rewrite name ${rule} answer auto`;
    expect(await answersFor(lines, from, `${to} 5 CNAME z.${to}`, `z.${to} 5 A 192.0.2.1`)).toEqual([
      `${from} 5 IN CNAME z.${to}`,
      `z.${to} 5 IN A 192.0.2.1`,
    ]);
    // Without it the answer stays.
    expect(await answersFor(`rewrite name ${rule}`, from, `${to} 5 A 192.0.2.1`)).toEqual([`${to} 5 IN A 192.0.2.1`]);
  });

  it('suffix: every name that ends with the new suffix ends with the old one again', async () => {
    const lines = 'rewrite name suffix .a.test .b.test answer auto';
    expect(
      await answersFor(
        lines,
        'x.a.test.',
        'x.b.test. 5 CNAME y.b.test.',
        'y.b.test. 5 CNAME b.test.',
        'b.test. 5 A 192.0.2.1',
      ),
    ).toEqual(['x.a.test. 5 IN CNAME y.a.test.', 'y.a.test. 5 IN CNAME b.test.', 'b.test. 5 IN A 192.0.2.1']);
  });

  it('leaves a name of which nothing legal can be made', async () => {
    const lines = 'rewrite name suffix .a.test . answer auto';
    const made = await replied(lines, 'www.a.test.', { authority: records('. 5 NS ns.test.') });
    expect(recordsOf(made.authority)).toEqual(['. 5 IN NS ns.test.a.test.']);
  });
});

describe('answer name and answer value', () => {
  const rule = String.raw`name regex (.*)-(us-west-1)\.coredns\.test {1}.service.{2}.consul`;
  const name = String.raw`answer name (.*)\.service\.(us-west-1)\.consul {1}-{2}.coredns.test`;
  const value = name.replace('name', 'value');
  const below = ['ftp.service.us-west-1.consul. 0 CNAME db.service.us-west-1.consul.'];

  it.each([
    ['on one line', `rewrite stop ${rule} ${name}`],
    ['between braces', `rewrite stop {\n${rule}\n${name}\n}`],
  ])('%s: name changes owners alone', async (_, lines) => {
    expect(await answersFor(lines, 'ftp-us-west-1.coredns.test.', ...below)).toEqual([
      'ftp-us-west-1.coredns.test. 0 IN CNAME db.service.us-west-1.consul.',
    ]);
  });

  it('value changes data alone', async () => {
    expect(await answersFor(`rewrite ${rule} ${value}`, 'ftp-us-west-1.coredns.test.', ...below)).toEqual([
      'ftp.service.us-west-1.consul. 0 IN CNAME db-us-west-1.coredns.test.',
    ]);
  });

  it.each([
    ['both', `rewrite ${rule} ${name} ${value}`],
    ['both, the second without `answer`', `rewrite ${rule} ${name} ${value.replace('answer ', '')}`],
    ['value with auto', `rewrite ${rule} answer auto ${value}`],
  ])('%s', async (_, lines) => {
    expect(await answersFor(lines, 'ftp-us-west-1.coredns.test.', ...below)).toEqual([
      'ftp-us-west-1.coredns.test. 0 IN CNAME db-us-west-1.coredns.test.',
    ]);
  });

  it('are done one after the other, and rules from the last to the first', async () => {
    const chained = 'rewrite name regex ^a b.test answer name ^b c.test answer name ^c d.test';
    expect(await answersFor(chained, 'a.test.', 'b.test. 5 A 192.0.2.1')).toEqual(['d.test. 5 IN A 192.0.2.1']);
    const rules = 'rewrite continue name a.test b.test\nrewrite name b.test c.test';
    expect(await answersFor(rules, 'a.test.', 'c.test. 5 A 192.0.2.1')).toEqual(['a.test. 5 IN A 192.0.2.1']);
  });

  it('look at names without case', async () => {
    expect(
      await answersFor(
        `rewrite ${rule} ${name}`,
        'ftp-us-west-1.coredns.test.',
        'FTP.service.US-west-1.consul. 0 A 192.0.2.1',
      ),
    ).toEqual(['ftp-us-west-1.coredns.test. 0 IN A 192.0.2.1']);
  });

  it('that make what is no name end in SERVFAIL, and say of what', async () => {
    const { answer } = await through('rewrite name regex ^a b.test answer name ^b {0}..test', 'a.test.', 'A', {
      answer: reply({ answers: records('b.test. 5 A 192.0.2.1') }),
    });
    expect(answer).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      error: 'a rule of rewrite makes of b.test., a name in the answer, what is no domain name',
      explanation: { word: 'illegal_name' },
    });
  });
});

describe('values', () => {
  const lines = 'rewrite name regex ^x y.test answer value ^old\\.test new.test';
  const naptr: OpaqueRRset = {
    kind: 'opaque',
    owner: Name.fromText('a.test.'),
    type: Type.NAPTR,
    class: 1,
    ttl: 5,
    data: [
      Uint8Array.of(0, 1, 0, 2, 1, 0x73, 0, 0, ...Name.fromText('old.test.').wire),
      // What ends too early stays as it is.
      Uint8Array.of(0, 1, 0, 2, 9, 0x73),
    ],
  };

  it.each([
    ['a.test. 5 CNAME old.test.', 'a.test. 5 IN CNAME new.test.'],
    ['a.test. 5 DNAME old.test.', 'a.test. 5 IN DNAME new.test.'],
    ['a.test. 5 NS old.test.', 'a.test. 5 IN NS new.test.'],
    ['a.test. 5 PTR old.test.', 'a.test. 5 IN PTR new.test.'],
    ['a.test. 5 MX 10 old.test.', 'a.test. 5 IN MX 10 new.test.'],
    ['a.test. 5 SRV 1 2 53 old.test.', 'a.test. 5 IN SRV 1 2 53 new.test.'],
    ['a.test. 5 SOA old.test. old.test. 1 2 3 4 5', 'a.test. 5 IN SOA new.test. old.test. 1 2 3 4 5'],
    ['a.test. 5 TXT old.test.', 'a.test. 5 IN TXT "old.test."'],
    ['old.test. 5 A 192.0.2.1', 'old.test. 5 IN A 192.0.2.1'],
  ])('%s', async (below, expected) => {
    expect(await answersFor(lines, 'x.test.', below)).toEqual([expected]);
  });

  it('of NAPTR are its replacement', async () => {
    const made = await replied(lines, 'x.test.', { answers: [naptr] });
    const [set] = made.answers;
    if (set?.kind !== 'opaque') throw new Error('it stays what it is');
    expect(set.data[0]).toEqual(Uint8Array.of(0, 1, 0, 2, 1, 0x73, 0, 0, ...Name.fromText('new.test.').wire));
    expect(set.data[1]).toBe(naptr.data[1]);
  });

  it('keep the source of a serial, and that a TTL counts down', async () => {
    const serialSource = { serial: 7 };
    const soa = record('a.test. 5 SOA old.test. m.test. 1 2 3 4 5');
    if (soa.kind !== 'soa') throw new Error('an SOA is one');
    const aging = { ...record('a.test. 5 CNAME old.test.'), aging: true as const };
    const made = await replied(lines, 'x.test.', { answers: [aging], authority: [{ ...soa, serialSource }] });
    expect(made.answers[0]).toMatchObject({ aging: true });
    expect(made.authority[0]).toMatchObject({ serialSource, soa: { primary: Name.fromText('new.test.') } });
  });
});

describe('an answer', () => {
  const lines = 'rewrite name red.test blue.test';

  it('that was validated for another name is not said to be', async () => {
    expect((await replied(lines, 'red.test.', { authenticData: true })).authenticData).toBe(false);
    expect((await replied(lines, 'green.test.', { authenticData: true })).authenticData).toBe(true);
  });

  it('of which nothing is changed is the same object', async () => {
    const below = reply({ answers: records('x.test. 5 A 192.0.2.1') });
    const { answer } = await through(lines, 'red.test.', 'A', { answer: below });
    expect(answer).toBe(below);
  });

  it('whose addresses were drawn by chance is not said to be, if they are others now', async () => {
    const set = record('blue.test. 5 A 192.0.2.1');
    if (set.kind !== 'address') throw new Error('an A record has an address');
    expect((await replied(lines, 'red.test.', { answers: [set], drawn: [set] })).drawn).toBeUndefined();
    const other = record('x.test. 5 A 192.0.2.1');
    if (other.kind !== 'address') throw new Error('an A record has an address');
    const kept = await replied(lines, 'red.test.', {
      answers: [other],
      drawn: [other],
      authority: records('x.test. 5 NS blue.test.'),
    });
    expect(kept.drawn).toEqual([other]);
    expect(recordsOf(kept.authority)).toEqual(['x.test. 5 IN NS red.test.']);
  });

  it('that is a failure or silence passes', async () => {
    const failed = failure(Rcode.SERVFAIL, explain('upstreamsSilent'), 'i/o timeout');
    expect((await through(lines, 'red.test.', 'A', { answer: failed })).answer).toBe(failed);
    expect((await through(lines, 'red.test.', 'A', { answer: { kind: 'silence' } })).answer).toEqual({
      kind: 'silence',
    });
  });

  it('may be given again: it depends on the question alone', async () => {
    const { query } = await through(`${lines} answer auto`.replace('name', 'name exact'), 'red.test.', 'A', {
      answer: reply({ answers: records('blue.test. 5 A 192.0.2.1') }),
    });
    expect(query.replaying.allowed).toBe(true);
  });
});

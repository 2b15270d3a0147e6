/** `rewrite cname`: aliases led to other targets, which the whole server is asked for. */
import { describe, expect, it } from 'vitest';
import { Rcode, typeName } from '../../../src/dns/constants.ts';
import { type Answer, failure, reply } from '../../../src/plugins/answer.ts';
import type { Resolver } from '../../../src/plugins/query.ts';
import { explain } from '../../../src/plugins/reasons.ts';
import { answered, textOf } from '../support.ts';
import { records, through } from './support.ts';

const below = reply({
  answers: records('w.test. 5 CNAME www.test.', 'www.test. 5 CNAME old.cdn.test.', 'old.cdn.test. 5 A 192.0.2.1'),
});

interface Asked {
  readonly resolver: Resolver;
  readonly names: string[];
}

function resolver(answer: Answer | Promise<Answer>): Asked {
  const names: string[] = [];
  const resolve: Resolver['resolve'] = ({ name, type }) => {
    names.push(`${name.toString()} ${typeName(type)}`);
    return answer;
  };
  return { resolver: { server: 'dns://:53', resolve }, names };
}

const found = reply({ answers: records('new.test. 5 A 192.0.2.2') });

describe('an alias that matches', () => {
  it.each([
    ['cname old.cdn.test new.test'],
    ['cname exact old.cdn.test. new.test.'],
    ['cname prefix old.cdn new'],
    ['cname suffix old.cdn.test new.test'],
    ['cname substring old.cdn new'],
    [String.raw`cname regex ^old\.cdn\.(.*)$ new.{1}`],
  ])('%s: leads to the other target and what there is', async (rule) => {
    const { resolver: elsewhere, names } = resolver(found);
    const { answer } = await through(`rewrite ${rule}`, 'w.test.', 'A', { answer: below, resolver: elsewhere });
    expect(textOf(answer)).toEqual(
      answered('w.test. 5 IN CNAME www.test.', 'www.test. 5 IN CNAME new.test.', 'new.test. 5 IN A 192.0.2.2'),
    );
    expect(names).toEqual(['new.test. A']);
  });

  it('whose target is answered later is answered then', async () => {
    const later = Promise.resolve(found);
    const { answer } = await through('rewrite cname old.cdn.test new.test', 'w.test.', 'A', {
      answer: below,
      resolver: resolver(later).resolver,
    });
    expect(textOf(answer)).toMatchObject({ answers: expect.arrayContaining(['new.test. 5 IN A 192.0.2.2']) });
  });

  it.each([
    ['itself', failure(Rcode.REFUSED, explain('noServerBlock'))],
    ['by an upstream', reply({ rcode: Rcode.REFUSED })],
  ])('whose target is refused %s is all that is answered: who asks may ask elsewhere', async (_, refusal) => {
    const { answer } = await through('rewrite cname old.cdn.test new.test', 'w.test.', 'A', {
      answer: { ...below, rcode: Rcode.NXDOMAIN, authority: records('test. 5 SOA a. b. 1 2 3 4 5') },
      resolver: resolver(refusal).resolver,
    });
    expect(textOf(answer)).toEqual(answered('w.test. 5 IN CNAME www.test.', 'www.test. 5 IN CNAME new.test.'));
  });

  it('whose target does not exist is NXDOMAIN with the aliases', async () => {
    const gone = reply({ rcode: Rcode.NXDOMAIN, authority: records('test. 5 SOA a. b. 1 2 3 4 5') });
    const { answer } = await through('rewrite cname old.cdn.test new.test', 'w.test.', 'A', {
      answer: below,
      resolver: resolver(gone).resolver,
    });
    expect(textOf(answer)).toEqual({
      rcode: 'NXDOMAIN',
      aa: true,
      answers: ['w.test. 5 IN CNAME www.test.', 'www.test. 5 IN CNAME new.test.'],
      authority: ['test. 5 IN SOA a. b. 1 2 3 4 5'],
      additional: [],
    });
  });

  it('whose target fails is a failure', async () => {
    const failed = failure(Rcode.SERVFAIL, explain('upstreamsSilent'), 'i/o timeout');
    const { answer } = await through('rewrite cname old.cdn.test new.test', 'w.test.', 'A', {
      answer: below,
      resolver: resolver(failed).resolver,
    });
    expect(answer).toBe(failed);
  });

  it.each(['CNAME', 'ANY'])('is led elsewhere and not followed for who asks for %s', async (type) => {
    const alias = reply({ answers: records('www.test. 5 CNAME old.cdn.test.') });
    const { answer } = await through('rewrite cname old.cdn.test new.test', 'www.test.', type, { answer: alias });
    expect(textOf(answer)).toEqual(answered('www.test. 5 IN CNAME new.test.'));
  });

  it('of which nothing legal is made is SERVFAIL', async () => {
    const { answer } = await through('rewrite cname suffix .test ..test', 'w.test.', 'A', { answer: below });
    expect(answer).toMatchObject({
      rcode: Rcode.SERVFAIL,
      error: 'a rule of rewrite makes of www.test., the target of an alias, what is no domain name',
    });
  });
});

it('the aliases of a loop are each taken once', async () => {
  const loop = reply({
    answers: records('a.test. 5 CNAME b.test.', 'b.test. 5 CNAME a.test.', 'b.test. 5 CNAME c.test.'),
  });
  const { answer } = await through('rewrite cname c.test new.test', 'a.test.', 'A', {
    answer: loop,
    resolver: resolver(found).resolver,
  });
  expect(answer.kind === 'reply' && answer.answers.length).toBe(4);
});

it('other answers pass, and look-ups have the one budget of the query', async () => {
  const other = reply({ answers: records('www.test. 5 A 192.0.2.1') });
  expect((await through('rewrite cname old.test new.test', 'w.test.', 'A', { answer: other })).answer).toBe(other);
  const { answer } = await through('rewrite cname old.cdn.test new.test', 'w.test.', 'A', {
    answer: below,
    lookups: 0,
    resolver: resolver(found).resolver,
  });
  expect(answer).toMatchObject({ kind: 'failure', explanation: { word: 'too_many_lookups' } });
});

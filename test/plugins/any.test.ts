import { describe, expect, it } from 'vitest';
import { any } from '../../src/plugins/any/any.ts';
import { expectProblem } from './problems.ts';
import { PASSED_ON, ask, makeQuery, problemsOf, serve, textOf } from './support.ts';

describe('any', () => {
  it('answers ANY with one HINFO record, whatever the name', async () => {
    const { plugin } = await serve(any, 'any');
    for (const name of ['WWW.example.', '.']) {
      expect(textOf(ask(plugin, makeQuery(name, 'ANY')))).toEqual({
        rcode: 'NOERROR',
        aa: false,
        answers: [`${name} 8482 IN HINFO "ANY obsoleted" "See RFC 8482"`],
        authority: [],
        additional: [],
      });
    }
  });

  it('in the class of the question, and in IN where that is ANY too', async () => {
    const { plugin } = await serve(any, 'any');
    for (const [asked, answered] of [
      ['CH', 'CH'],
      ['ANY', 'IN'],
    ] as const) {
      expect(textOf(ask(plugin, makeQuery('x.', 'ANY', { class: asked })))).toMatchObject({
        answers: [`x. 8482 ${answered} HINFO "ANY obsoleted" "See RFC 8482"`],
      });
    }
  });

  it('passes every other type on', async () => {
    const { plugin } = await serve(any, 'any');
    for (const type of ['A', 'HINFO', 'AXFR', 'TYPE65280']) {
      expect(ask(plugin, makeQuery('www.example.', type))).toBe(PASSED_ON);
    }
  });

  it('may be replayed', async () => {
    expect((await serve(any, 'any')).plugin.replayable).toBe(true);
  });

  it.each([
    ['any x', "'any' takes no arguments"],
    ['any {\nx\n}', "'any' takes no block"],
    ['any\nany', "'any' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(any, lines), message);
  });
});

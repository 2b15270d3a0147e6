/** RFC 9520, failures are remembered: upstreams that cannot answer are not asked over and over. */
import { describe, expect, it } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { DEAD, answering, bench, upstream as answer } from '../plugins/cache/support.ts';
import { failing, silent } from '../support/upstreams/behaviours.ts';
import { forwardTo, forwarder, questionsTo, upstream } from './forwarding.ts';

const QUESTION = { ask: 'www.example.test. A' };
const SERVFAIL = 2;
const REFUSED = 5;

describe('RFC 9520', () => {
  it('§3.1 a server is not asked the same more than three times before it counts as unresponsive', async () => {
    const dead = await upstream(silent);
    const { ask } = await forwarder(forwardTo([dead]));
    expect((await ask(QUESTION)).rcode).toBe('SERVFAIL');
    expect(questionsTo(dead).length).toBeLessThanOrEqual(3);
  });

  it.each([
    ['SERVFAIL', failing(SERVFAIL)],
    ['silence', silent],
  ])('§3.2 a failure is remembered, without `cache` too: %s', async (_, behaviour) => {
    const bad = await upstream(behaviour);
    const { ask } = await forwarder(forwardTo([bad]));
    expect((await ask(QUESTION)).rcode).toBe('SERVFAIL');
    const asked = questionsTo(bad).length;
    expect((await ask(QUESTION)).rcode).toBe('SERVFAIL');
    expect(questionsTo(bad).length).toBe(asked);
  });

  it('§3.2 REFUSED by all upstreams is a failure of theirs that clients are told', async () => {
    const refusing = await upstream(failing(REFUSED));
    const { ask } = await forwarder(forwardTo([refusing]));
    expect(['REFUSED', 'SERVFAIL']).toContain((await ask(QUESTION)).rcode);
  });

  it.each([
    ['no upstream answers', DEAD],
    ['SERVFAIL', answer({ rcode: Rcode.SERVFAIL })],
  ])('§3.2 it is remembered for at least a second, and for no longer than five minutes: %s', async (_, failure) => {
    for (const lines of ['cache', 'cache {\nservfail 5m\n}']) {
      // oxlint-disable-next-line no-await-in-loop -- two configurations
      const { ask, wait, upstream: below } = await bench(lines, failure);
      ask();
      wait(1);
      ask();
      expect(below.asked).toBe(1);
      wait(300);
      ask();
      expect(below.asked).toBe(2);
    }
  });

  it('§3.2 a failure is remembered for one question, and says nothing of another', async () => {
    const { ask, upstream: below } = await bench('cache', DEAD);
    ask('www.example.', 'A');
    below.now(answering('www.example. 60 IN TXT "x"'));
    expect(ask('www.example.', 'TXT')).toMatchObject({ kind: 'reply', answers: [{ type: 16 }] });
  });

  it('§3.2 more than five minutes cannot be configured', async () => {
    await expect(bench('cache {\nservfail 6m\n}', DEAD)).rejects.toThrow('servfail');
  });
});

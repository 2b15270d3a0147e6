/** What an answer rested on is kept with it: when that changes the answer is gone in the same moment. */
import { describe, expect, it } from 'vitest';
import { fileFact, serviceFact } from '../../../src/cluster/facts.ts';
import { type Answer, reply } from '../../../src/plugins/answer.ts';
import { cache } from '../../../src/plugins/cache/cache.ts';
import { ask as askPlugin, makeHost, makeQuery, next, serve } from '../support.ts';
import { NXDOMAIN, answering, bench, metric, record } from './support.ts';

const A = 'www.example. 60 IN A 192.0.2.1';
const hosts = fileFact('/etc/hosts');

describe('cache and the facts that an answer rested on', () => {
  it.each<readonly [string, string, Answer]>([
    ['an answer', 'cache', answering(A)],
    ['NXDOMAIN', 'cache', NXDOMAIN],
    ['an old answer', 'cache {\n  serve_stale\n}', answering(A)],
  ])('%s is kept until one of them changes', async (what, lines, answer) => {
    const { ask, wait, upstream, host } = await bench(lines, answer);
    upstream.gives = (query) => {
      // As `hosts` does for a name that its file does not have.
      query.dependsOn(hosts);
      return answer;
    };
    ask();
    ask();
    expect(upstream.asked).toBe(1);
    if (what === 'an old answer') wait(100);
    host.facts.changed(serviceFact('default', 'other'));
    host.facts.changed(hosts);
    const mine = reply({ answers: [record('www.example. 60 IN A 10.0.0.1')] });
    upstream.now(mine);
    expect(ask()).toBe(mine);
  });

  it('a hit rests on them too, for whoever keeps it further', async () => {
    const host = makeHost();
    const service = await serve(cache, 'cache', { host });
    const query = () => makeQuery('www.example.', 'A', { facts: host.facts });
    const below = {
      answer: (asked: ReturnType<typeof query>) => {
        asked.dependsOn(hosts);
        return answering(A);
      },
    };
    askPlugin(service.plugin, query(), below);
    const second = query();
    askPlugin(service.plugin, second, next(NXDOMAIN));
    expect(second.account.facts).toEqual([hosts]);
    expect(second.account.holds).toBe(true);
    host.facts.changed(hosts);
    expect(second.account.holds).toBe(false);
  });

  it('an answer during which one of them changed is given and not kept', async () => {
    const { ask, upstream, host } = await bench('cache', answering(A));
    upstream.gives = (query) => {
      query.dependsOn(hosts);
      host.facts.changed(hosts);
      return answering(A);
    };
    ask();
    expect(metric(host, 'coredns_cache_entries', 'type="success"')).toBe(0);
    upstream.now(NXDOMAIN);
    expect(ask()).toMatchObject({ rcode: 3 });
    expect(upstream.asked).toBe(2);
  });

  it('an answer that comes after one of them has changed is not kept', async () => {
    const { ask, askLater, upstream, host } = await bench('cache', answering(A));
    let arrives: (answer: Answer) => void = () => undefined;
    upstream.gives = (query) => {
      query.dependsOn(hosts);
      return new Promise<Answer>((resolve) => (arrives = resolve));
    };
    const asking = askLater();
    host.facts.changed(hosts);
    arrives(answering(A));
    await asking;
    upstream.now(NXDOMAIN);
    expect(ask()).toMatchObject({ rcode: 3 });
  });

  it('what the query looks at after the answer was kept is not among them', async () => {
    const host = makeHost();
    const service = await serve(cache, 'cache', { host });
    const query = makeQuery('www.example.', 'A', { facts: host.facts });
    askPlugin(service.plugin, query, next(answering(A)));
    query.dependsOn(hosts);
    host.facts.changed(hosts);
    const hit = askPlugin(service.plugin, makeQuery('www.example.', 'A', { facts: host.facts }), next(NXDOMAIN));
    expect(hit).toMatchObject({ rcode: 0 });
  });
});

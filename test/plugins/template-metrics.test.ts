/** What `template` counts. */
import { describe, expect, it } from 'vitest';
import { template } from '../../src/plugins/template/template.ts';
import { redo } from './replay.ts';
import { type TestHost, ask, makeHost, makeQuery, serve } from './support.ts';

/** The series of a metric of `template`, without its name. */
function seriesOf(host: TestHost, name: string): Readonly<Record<string, number>> {
  const start = `coredns_template_${name}{`;
  const lines = host.metrics.render().split('\n');
  const own = lines.filter((line) => line.startsWith(start));
  return Object.fromEntries(
    own.map((line) => [line.slice(start.length, line.lastIndexOf('}')), Number(line.split(' ').at(-1))]),
  );
}

const WHERE = 'server="dns://:53"';

describe('template, metrics', () => {
  it('counts matches by the zone of the template, and class and type of the question', async () => {
    const host = makeHost();
    const lines =
      'template IN A Example.org {\n  match "^a"\n  answer "{{ .Name }} 60 IN A 192.0.2.1"\n  fallthrough\n}\n' +
      'template ANY ANY example.net {\n  rcode NXDOMAIN\n}';
    const { plugin } = await serve(template, lines, { host });
    for (const [name, type] of [
      ['a.example.org.', 'A'],
      ['A2.EXAMPLE.org.', 'A'],
      ['b.example.org.', 'A'],
      ['a.example.org.', 'AAAA'],
      ['x.example.net.', 'SRV'],
      ['x.example.net.', 'TYPE65280'],
      ['x.example.net.', 'TYPE65281'],
      ['elsewhere.', 'A'],
    ] as const) {
      ask(plugin, makeQuery(name, type));
    }
    ask(plugin, makeQuery('a.example.org.', 'ANY'));
    const label = (zone: string, type: string): string => `class="IN",${WHERE},type="${type}",view="",zone="${zone}"`;
    expect(seriesOf(host, 'matches_total')).toEqual({
      // Two questions for A, and one for ANY of which the template's own type was taken.
      [label('example.org.', 'A')]: 3,
      [label('example.net.', 'SRV')]: 1,
      // Types without a name share a series: a client could make 65,536.
      [label('example.net.', '')]: 2,
    });
    expect(seriesOf(host, 'template_failures_total')).toEqual({});
  });

  it('counts a match whose answer is given again', async () => {
    const counted = async (way: 'chain' | 'replay'): Promise<string> => {
      const host = makeHost();
      const { plugin } = await serve(template, 'template ANY ANY example.net {\n  rcode NXDOMAIN\n}', { host });
      for (const type of ['A', 'TYPE65280', 'TYPE65281']) {
        const queries = [1, 2, 3].map(() => makeQuery('x.example.net.', type));
        const [first] = queries;
        for (const query of queries) {
          if (way === 'chain' || query === first) void ask(plugin, query);
          else if (first !== undefined) redo(first);
        }
      }
      return host.metrics.render();
    };
    const text = await counted('replay');
    expect(text).toBe(await counted('chain'));
    expect(text).toContain(`coredns_template_matches_total{class="IN",${WHERE},type="",view="",zone="example.net."} 6`);
  });

  it('counts all types without a name by one object: a client could make 65,536', async () => {
    const { plugin } = await serve(template, 'template ANY ANY . {\n  rcode NXDOMAIN\n}');
    const effectOf = (type: string): unknown => {
      const query = makeQuery('x.', type);
      void ask(plugin, query);
      return query.replaying.effects[0];
    };
    expect(effectOf('TYPE65280')).toBe(effectOf('TYPE65281'));
    expect(effectOf('A')).not.toBe(effectOf('AAAA'));
  });

  it('counts texts that cannot be written, and texts that are no records', async () => {
    const host = makeHost();
    const options =
      '  match "^(?P<n>[a-z0-9]+)"\n  answer "x. TXT {{ parseInt .Group.n 10 8 }}"\n' +
      '  additional "{{ .Name }} A {{ .Group.n }}"';
    const { plugin } = await serve(template, `template IN TXT example.org {\n${options}\n}`, { host });
    ask(plugin, makeQuery('fff.example.org.', 'TXT'));
    ask(plugin, makeQuery('7.example.org.', 'TXT'));
    const label = (section: string, text: string): string =>
      `class="IN",section="${section}",${WHERE},template="${text}",type="TXT",view="",zone="example.org."`;
    expect(seriesOf(host, 'template_failures_total')).toEqual({
      [label('answer', 'x. TXT {{ parseInt .Group.n 10 8 }}')]: 1,
    });
    expect(seriesOf(host, 'rr_failures_total')).toEqual({
      [label('additional', '{{ .Name }} A {{ .Group.n }}')]: 2,
    });
    expect(seriesOf(host, 'matches_total')).toEqual({
      [`class="IN",${WHERE},type="TXT",view="",zone="example.org."`]: 2,
    });
  });
});

/** `view` by itself: what it takes, and what is wrong with it. Which block a query comes to is in test/server/views.test.ts. */
import { describe, expect, it } from 'vitest';
import { Name } from '../../../src/dns/name.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { view } from '../../../src/plugins/view/view.ts';
import { type TestHost, makeHost, makeQuery, problemsOf, serve } from '../support.ts';

async function filter(
  lines: string,
  host: TestHost = makeHost(),
): Promise<{ readonly takes: (query: Query) => boolean; readonly host: TestHost }> {
  const { running } = await serve(view, lines, { host });
  return { takes: (query) => running.accepts?.(query) ?? true, host };
}

const from = (clientAddress: string, type = 'A'): Query =>
  makeQuery('www.example.org.', type, { client: { clientAddress } });

describe('view', () => {
  it('takes queries for which all expressions hold', async () => {
    const { takes } = await filter(
      "view v {\n  expr incidr(client_ip(), '10.0.0.0/8')\n  expr type() in ['A', 'AAAA']\n}",
    );
    expect(takes(from('10.1.2.3'))).toBe(true);
    expect(takes(from('10.1.2.3', 'TXT'))).toBe(false);
    expect(takes(from('192.0.2.1'))).toBe(false);
  });

  it.each([
    ["expr incidr(client_ip(), '127.0.0.0/24')", '127.0.0.1', '127.0.1.1'],
    ["expr (type() == 'A' && name() == 'www.example.org.') || client_ip() == '1.2.3.4'", '9.9.9.9', undefined],
    [String.raw`expr name() matches '^www\\..*\\.org\\.$'`, '9.9.9.9', undefined],
    ["expr \"any(['10.0.0.0/8', '2001:db8::/32'], incidr(client_ip(), #))\"", '2001:db8::9', '2001:db9::9'],
    ["expr client_ip() in ['192.0.2.1', '::1']", '::1', '::2'],
  ])('does what its manual page says: %s', async (line, inside, outside) => {
    const { takes } = await filter(`view v {\n  ${line}\n}`);
    expect(takes(from(inside))).toBe(true);
    if (outside !== undefined) expect(takes(from(outside))).toBe(false);
  });

  it('counts a failure as false, as something to be counted for each query, and says why at the level debug', async () => {
    const { takes, host } = await filter("view odd {\n  expr int(split(name(), '.')[0]) > 5\n}");
    const query = makeQuery('x.example.org.', 'A');
    expect(takes(query)).toBe(false);
    expect(query.replaying.allowed).toBe(false);
    expect(host.metrics.render()).toContain('nodens_view_failures_total{view="odd"} 1');
    expect(host.takeLines()).toEqual([
      "[DEBUG] plugin/view: odd: int(split(name(), '.')[0]) > 5: 'x' is no whole number",
    ]);
    const number = makeQuery('6.example.org.', 'A');
    expect(takes(number)).toBe(true);
    expect(number.replaying.allowed).toBe(true);
  });

  it('takes everything without an expression, and warns', async () => {
    expect(problemsOf(view, 'view v')[0]).toMatch(/^Corefile:2:1: warning: a 'view' without 'expr' takes every query/);
  });

  it('offers its name as metadata', async () => {
    const host = makeHost();
    host.neighbours.metadataZones = [Name.root];
    await filter("view inside {\n  expr type() == 'A'\n}", host);
    expect(host.neighbours.metadata.get('view/name')?.(from('10.0.0.1'))).toBe('inside');
  });

  it('reads metadata', async () => {
    const host = makeHost();
    host.neighbours.metadata.set('kubernetes/client-namespace', ({ client }) => client.clientAddress);
    const { running } = await serve(
      view,
      "metadata\nkubernetes {\n  pods verified\n}\nview v {\n  expr metadata('kubernetes/client-namespace') == '10.0.0.1'\n}",
      {
        host,
      },
    );
    expect([running.accepts?.(from('10.0.0.1')), running.accepts?.(from('10.0.0.2'))]).toEqual([true, false]);
  });
});

describe('errors of view', () => {
  it.each([
    ['view {\n  expr true\n}', "'view' needs an argument", 'view NAME { expr EXPRESSION }'],
    ['view a b {\n  expr true\n}', "'view' takes at most 1 argument, not 2", 'view NAME { expr EXPRESSION }'],
    ['view a {\n  expr\n}', "'expr' needs an argument", 'expr EXPRESSION'],
    ['view a {\n  exp true\n}', "unknown option of 'view' 'exp'", 'expr'],
    ['view a {\n  expr {\n  }\n}', "'expr' takes no block", "no '{' on this line"],
    ['view a {\n  expr name()\n}', 'the whole expression is string', 'true or false'],
    ["view a {\n  expr nme() == 'x.'\n}", "there is no function 'nme'", 'name(…)'],
    ['view a {\n  expr true\n}\nview b {\n  expr true\n}', "'view' can be used once per server block", "one 'view'"],
    ["view a {\n  expr metadata('a/b') == 'c'\n}", "warning: nothing gives a value for 'a/b'", ''],
    ["view a {\n  expr metadata('view/nam') == 'c'\n}", "nothing gives a value for 'view/nam'", "'view/name'"],
    [
      "view a {\n  expr metadata('view/name') == 'c'\n}",
      "'view/name' is empty, as nothing collects metadata",
      "'metadata'",
    ],
    [
      "metadata\nview a {\n  expr metadata('kubernetes/kind') == 'svc'\n}",
      "'kubernetes/kind' is empty without 'kubernetes'",
      "'kubernetes' in this block",
    ],
    [
      "metadata\nkubernetes {\n  pods insecure\n}\nview a {\n  expr metadata('kubernetes/client-namespace') == 'a'\n}",
      "'kubernetes/client-namespace' is empty, as it is not known which pod asks",
      "'pods verified' of 'kubernetes'",
    ],
  ])('%s', (lines, message, expected) => {
    const problems = problemsOf(view, lines).join('\n');
    expect(problems).toContain(message);
    expect(problems).toContain(expected);
  });
});

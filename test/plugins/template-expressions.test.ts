/** `var` and `expr` of `template`, and what its records print of variables and metadata. */
import { describe, expect, it } from 'vitest';
import { template } from '../../src/plugins/template/template.ts';
import { PASSED_ON, answered, ask, makeHost, makeQuery, serve, textOf } from './support.ts';

const PASSED = textOf(PASSED_ON);

/** What a block says of a name; `options` are those of the query. */
async function look(lines: string, name: string, type = 'A', options: Parameters<typeof makeQuery>[2] = {}) {
  const { plugin } = await serve(template, lines);
  return textOf(ask(plugin, makeQuery(name, type, options)));
}

const PRIVATE =
  'template IN A example.com {\n' +
  '  match "^(?P<ip>[0-9]{1,3}(-[0-9]{1,3}){3})[.](?P<id>[a-z2-7]{26})[.]example[.]com[.]$"\n' +
  "  var ip replace(group('ip'), '-', '.')\n" +
  "  expr \"any(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'], incidr(ip, #))\"\n" +
  '  answer "{{ .Name }} 60 IN A {{ .Var.ip }}"\n  fallthrough\n}';
const ID = 'abcdefghijklmnopqrstuvwxyz';

describe('var and expr of template', () => {
  it('does what the example of its manual page says: only private addresses are answered', async () => {
    const name = `10-1-2-3.${ID}.example.com.`;
    expect(await look(PRIVATE, name)).toEqual(answered(`${name} 60 IN A 10.1.2.3`));
    expect(await look(PRIVATE, `8-8-8-8.${ID}.example.com.`)).toEqual(PASSED);
    expect(await look(PRIVATE, 'www.example.com.')).toEqual(PASSED);
  });

  it('is SERVFAIL where an expression fails for a name, with the reason and a count', async () => {
    const host = makeHost();
    const { plugin } = await serve(template, PRIVATE, { host });
    const query = makeQuery(`300-1-2-3.${ID}.example.com.`, 'A');
    expect(textOf(ask(plugin, query))).toBe(
      "SERVFAIL 'expr' of a template for example.com. failed: '300.1.2.3' is no address",
    );
    expect(query.replaying.allowed).toBe(false);
    const line = host.metrics
      .render()
      .split('\n')
      .find((one) => one.startsWith('coredns_template_template_failures_total{'));
    expect(line).toContain('section="expr"');
    expect(line).toContain('zone="example.com."} 1');
    expect(host.metrics.render()).not.toContain('coredns_template_matches_total{');
  });

  it('without fallthrough is SERVFAIL where expr does not hold, as where no expression matches', async () => {
    expect(await look('template IN A . {\n  expr type() == \'AAAA\'\n  answer "x. A 192.0.2.1"\n}', 'x.')).toBe(
      'SERVFAIL',
    );
  });

  it('goes on with the next template', async () => {
    const lines =
      'template IN TXT a {\n  expr name() startsWith \'x\'\n  answer "{{ .Name }} TXT first"\n  fallthrough\n}\n' +
      'template IN TXT a {\n  answer "{{ .Name }} TXT second"\n}';
    expect(await look(lines, 'x.a.', 'TXT')).toEqual(answered('x.a. 3600 IN TXT "first"'));
    expect(await look(lines, 'y.a.', 'TXT')).toEqual(answered('y.a. 3600 IN TXT "second"'));
  });

  it('stands in the order of the file, so that what is behind an expr is only worked out where that holds', async () => {
    const lines =
      'template IN TXT a {\n  match "^(.*)[.]a[.]$"\n  expr group(1) matches \'^[0-9]+$\'\n  var n int(group(1))\n  var twice n * 2\n' +
      '  answer "{{ .Name }} TXT {{ .Var.twice }}"\n  fallthrough\n}';
    expect(await look(lines, '21.a.', 'TXT')).toEqual(answered('21.a. 3600 IN TXT "42"'));
    expect(await look(lines, 'x.a.', 'TXT')).toEqual(PASSED);
  });

  it('prints variables of every kind that has a text', async () => {
    const lines = (value: string): string =>
      `template IN TXT a {\n  var x ${value}\n  answer "{{ .Name }} TXT {{ .Var.x }}-{{ index .Var \`x\` }}"\n}`;
    expect(await look(lines("upper('a')"), 'n.a.', 'TXT')).toEqual(answered('n.a. 3600 IN TXT "A-A"'));
    expect(await look(lines('1.5'), 'n.a.', 'TXT')).toEqual(answered('n.a. 3600 IN TXT "1.5-1.5"'));
    expect(await look(lines('1 == 1'), 'n.a.', 'TXT')).toEqual(answered('n.a. 3600 IN TXT "true-true"'));
    expect(await look(lines("[1, 'a', nil][2]"), 'n.a.', 'TXT')).toBe(
      'SERVFAIL the answer of a template for a. is no record: .Var.x, nil, is no text',
    );
  });

  it('takes the groups of the expression that matched', async () => {
    const lines =
      "template IN TXT a {\n  match \"^a(?P<one>.)\" \"^b(?P<two>.)(.)\"\n  var x group('one') + '/' + group('two') + '/' + group(2) + '/' + group('0')\n" +
      '  answer "{{ .Name }} TXT {{ .Var.x }}"\n}';
    expect(await look(lines, 'a1.a.', 'TXT')).toEqual(answered('a1.a. 3600 IN TXT "1///a1"'));
    expect(await look(lines, 'b12.a.', 'TXT')).toEqual(answered('b12.a. 3600 IN TXT "/1/2/b12"'));
  });

  it('prints metadata, for which the answer is made anew each time', async () => {
    const host = makeHost();
    host.neighbours.metadata.set('kubernetes/namespace', ({ client }) => client.clientAddress);
    const lines =
      'metadata\nkubernetes\ntemplate IN TXT a {\n  answer "{{ .Name }} TXT {{ .Meta `kubernetes/namespace` }}/{{ .Meta `kubernetes/zone` }}"\n}';
    const { plugin } = await serve(template, lines, { host });
    const query = makeQuery('n.a.', 'TXT');
    expect(textOf(ask(plugin, query))).toEqual(answered('n.a. 3600 IN TXT "127.0.0.1/"'));
    expect(query.replaying.allowed).toBe(false);
  });

  it('may be replayed unless something of the client was looked at', async () => {
    const lines =
      "template IN TXT a {\n  expr name() startsWith 'x' || incidr(client_ip(), '127.0.0.0/8')\n  answer \"{{ .Name }} TXT x\"\n}";
    const { plugin } = await serve(template, lines);
    const allowed = (name: string): boolean => {
      const query = makeQuery(name, 'TXT');
      expect(textOf(ask(plugin, query))).toMatchObject({ rcode: 'NOERROR' });
      return query.replaying.allowed;
    };
    expect([allowed('x.a.'), allowed('y.a.')]).toEqual([true, false]);
  });

  it('counts under the view of its block', async () => {
    const plain = makeHost();
    const host = makeHost({ block: { ...plain.block, view: 'inside' } });
    const { plugin } = await serve(template, 'template ANY ANY a {\n  rcode NXDOMAIN\n}', { host });
    void ask(plugin, makeQuery('x.a.', 'A'));
    expect(host.metrics.render()).toContain('view="inside",zone="a."} 1');
  });
});

import { describe, expect, it } from 'vitest';
import { local } from '../../src/plugins/local/local.ts';
import { expectProblem } from './problems.ts';
import { redo } from './replay.ts';
import { PASSED_ON, ask, makeQuery, problemsOf, serve, textOf } from './support.ts';

const soa = (zone: string): string => `${zone} 604800 IN SOA localhost. root.localhost. 1 0 0 0 604800`;

describe('local', () => {
  it.each([
    ['localhost.', 'A', 'localhost. 604800 IN A 127.0.0.1'],
    ['LocalHost.', 'AAAA', 'LocalHost. 604800 IN AAAA ::1'],
    ['localhost.', 'NS', 'localhost. 604800 IN NS localhost.'],
    ['localhost.', 'SOA', soa('localhost.')],
    ['app.localhost.', 'A', 'app.localhost. 604800 IN A 127.0.0.1'],
    ['a.b.localhost.', 'AAAA', 'a.b.localhost. 604800 IN AAAA ::1'],
    ['localhost.default.svc.cluster.local.', 'A', 'localhost.default.svc.cluster.local. 604800 IN A 127.0.0.1'],
    ['1.0.0.127.in-addr.arpa.', 'PTR', '1.0.0.127.in-addr.arpa. 604800 IN PTR localhost.'],
    ['127.in-addr.arpa.', 'NS', '127.in-addr.arpa. 604800 IN NS localhost.'],
    ['0.in-addr.arpa.', 'SOA', soa('0.in-addr.arpa.')],
  ])('%s %s', async (name, type, record) => {
    const { plugin } = await serve(local, 'local');
    expect(textOf(ask(plugin, makeQuery(name, type)))).toEqual({
      rcode: 'NOERROR',
      aa: false,
      answers: [record],
      authority: [],
      additional: [],
    });
  });

  it.each([
    ['localhost.', 'TXT', 'NOERROR', 'localhost.'],
    ['app.localhost.', 'MX', 'NOERROR', 'localhost.'],
    ['localhost.example.', 'TXT', 'NOERROR', 'localhost.example.'],
    ['127.in-addr.arpa.', 'A', 'NOERROR', '127.in-addr.arpa.'],
    ['1.0.0.127.in-addr.arpa.', 'A', 'NOERROR', '127.in-addr.arpa.'],
    ['0.127.in-addr.arpa.', 'PTR', 'NOERROR', '127.in-addr.arpa.'],
    ['0.0.127.in-addr.arpa.', 'PTR', 'NOERROR', '127.in-addr.arpa.'],
    ['2.0.0.127.in-addr.arpa.', 'PTR', 'NXDOMAIN', '127.in-addr.arpa.'],
    ['1.255.in-addr.arpa.', 'PTR', 'NXDOMAIN', '255.in-addr.arpa.'],
    ['x.0.in-addr.arpa.', 'A', 'NXDOMAIN', '0.in-addr.arpa.'],
  ])('%s %s has no data, or does not exist', async (name, type, rcode, zone) => {
    const { plugin } = await serve(local, 'local');
    expect(textOf(ask(plugin, makeQuery(name, type)))).toEqual({
      rcode,
      aa: false,
      answers: [],
      authority: [soa(zone)],
      additional: [],
    });
  });

  it.each(['.', 'example.org.', 'notlocalhost.', '1.10.in-addr.arpa.', 'a.localhost.example.'])(
    'passes %s on',
    async (name) => {
      const { plugin } = await serve(local, 'local');
      expect(ask(plugin, makeQuery(name, 'A'))).toBe(PASSED_ON);
    },
  );

  it('leaves localhost.ANYTHING alone with localhost_prefix off, but not localhost itself', async () => {
    const { plugin } = await serve(local, 'local {\n  localhost_prefix off\n}');
    expect(ask(plugin, makeQuery('localhost.example.', 'A'))).toBe(PASSED_ON);
    expect(textOf(ask(plugin, makeQuery('localhost.', 'A')))).toMatchObject({ rcode: 'NOERROR' });
    expect(textOf(ask(plugin, makeQuery('x.localhost.', 'A')))).toMatchObject({ rcode: 'NOERROR' });
  });

  it('may be replayed', async () => {
    expect((await serve(local, 'local {\n  localhost_prefix on\n}')).plugin.replayable).toBe(true);
  });

  it.each([
    ['local x', "'local' takes no arguments"],
    ['local {\n  localhost_prefix\n}', "'localhost_prefix' needs"],
    ['local {\n  localhost_prefix maybe\n}', "wrong value 'maybe'"],
    ['local {\n  prefix on\n}', "unknown option of 'local' 'prefix'"],
    ['local\nlocal', "'local' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(local, lines), message);
  });

  it('counts questions for localhost in front of another name, and no others', async () => {
    const { plugin, host } = await serve(local, 'local');
    const count = (): string =>
      /^coredns_local_localhost_requests_total (\d+)$/m.exec(host.metrics.render())?.[1] ?? '';
    expect(count()).toBe('0');
    for (const name of ['localhost.', 'a.localhost.', '1.0.0.127.in-addr.arpa.', 'localhosts.a.']) {
      ask(plugin, makeQuery(name, 'A'));
    }
    expect(count()).toBe('0');
    ask(plugin, makeQuery('LocalHost.default.svc.cluster.local.', 'AAAA'));
    ask(plugin, makeQuery('localhost.example.', 'TXT'));
    expect(count()).toBe('2');
    const again = makeQuery('localhost.example.', 'A');
    ask(plugin, again);
    redo(again);
    redo(again);
    expect(count()).toBe('5');
    const off = await serve(local, 'local {\n  localhost_prefix off\n}', { host });
    ask(off.plugin, makeQuery('localhost.example.', 'A'));
    expect(count()).toBe('5');
  });
});

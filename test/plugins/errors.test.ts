import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { failure, reply, whenAnswered } from '../../src/plugins/answer.ts';
import { errors } from '../../src/plugins/errors/errors.ts';
import type { Next } from '../../src/plugins/plugin.ts';
import type { Resolver } from '../../src/plugins/query.ts';
import { expectProblem } from './problems.ts';
import { ask, makeQuery, next, problemsOf, serve } from './support.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { type Doing, SILENT, upstreamFailure } from '../../src/plugins/forward/explain.ts';

const READ = 'read udp 192.0.2.1:53: connection refused';
const fails = (text: string): Next => next(failure(Rcode.SERVFAIL, explain('internalError'), text));
const query = makeQuery('X.example.com.', 'A');

const consolidating = (regexp: string): string => `errors {\n  consolidate 5s ${regexp}\n}`;

describe('errors', () => {
  it('writes response code, name, type and text', async () => {
    const { plugin, host } = await serve(errors, 'errors');
    const answer = failure(Rcode.SERVFAIL, explain('internalError'), READ);
    expect(ask(plugin, query, next(answer))).toBe(answer);
    expect(host.takeLines()).toEqual([`[ERROR] plugin/errors: 2 x.example.com. A: ${READ}`]);
  });

  it('writes it for an answer that comes later as well', async () => {
    const { plugin, host } = await serve(errors, 'errors stdout');
    const answer = failure(Rcode.REFUSED, explain('internalError'), 'later');
    await expect(plugin.answer(makeQuery('x.', 'TYPE65280'), next(Promise.resolve(answer)))).resolves.toBe(answer);
    expect(host.takeLines()).toEqual(['[ERROR] plugin/errors: 5 x. TYPE65280: later']);
  });

  it.each([
    ['NXDOMAIN', reply({ rcode: Rcode.NXDOMAIN })],
    ['a SERVFAIL that a plugin wrote', reply({ rcode: Rcode.SERVFAIL })],
    ['a failure without a text', failure(Rcode.REFUSED, explain('internalError'))],
    ['silence', { kind: 'silence' } as const],
  ])('%s is no error', async (_, answer) => {
    const { plugin, host } = await serve(errors, 'errors');
    ask(plugin, query, next(answer));
    expect(host.takeLines()).toEqual([]);
  });

  it('lets no name and no text forge a second line', async () => {
    const { plugin, host } = await serve(errors, 'errors');
    ask(plugin, makeQuery('a\\010[ERROR]\\032b.', 'A'), fails('first\nsecond\u0007\u2028'));
    expect(host.takeLines()).toEqual(['[ERROR] plugin/errors: 2 a\\010[error]\\032b. A: first\\x0asecond\\x07\\x2028']);
  });

  it('cuts a text without end', async () => {
    const { plugin, host } = await serve(errors, 'errors');
    ask(plugin, query, fails('x'.repeat(100_000)));
    expect(host.takeLines()[0]?.length).toBeLessThan(1100);
  });

  it('lets everything be replayed but an answer on whose way a line was written', async () => {
    const { plugin } = await serve(errors, 'errors');
    expect(plugin.replayable).toBe(true);
    const allowed = (below: Next): boolean => {
      const asked = makeQuery('x.', 'A');
      ask(plugin, asked, below);
      return asked.replaying.allowed;
    };
    expect(allowed(next(reply({})))).toBe(true);
    expect(allowed(next(failure(Rcode.REFUSED, explain('internalError'))))).toBe(true);
    expect(allowed(fails(READ))).toBe(false);
  });

  it('has a line for each query whose look-up failed, though the client gets a reply', async () => {
    const { plugin, host } = await serve(errors, 'errors');
    const resolver: Resolver = {
      server: 'dns://:53',
      resolve: (asked) => plugin.answer(asked, fails('nobody')),
    };
    const asked = makeQuery('x.', 'A', { resolver });
    const alias: Next = { answer: (one) => whenAnswered(one.lookup(Name.root, one.type), () => reply({})) };
    expect(ask(plugin, asked, alias)).toMatchObject({ kind: 'reply' });
    expect(host.takeLines()).toEqual(['[ERROR] plugin/errors: 2 . A: nobody']);
    expect(asked.replaying.allowed).toBe(false);
  });
});

describe('errors, consolidate', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts errors for a time and writes one line', async () => {
    const { plugin, host } = await serve(errors, 'errors {\n  consolidate 30s "^read udp .*"\n}');
    for (let i = 0; i < 12; i++) ask(plugin, query, fails(READ));
    ask(plugin, query, fails('something else'));
    expect(host.takeLines()).toEqual(['[ERROR] plugin/errors: 2 x.example.com. A: something else']);
    vi.advanceTimersByTime(29_999);
    expect(host.takeLines()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(host.takeLines()).toEqual(["[ERROR] plugin/errors: 12 errors like '^read udp .*' occurred in last 30s"]);
    vi.advanceTimersByTime(60_000);
    expect(host.takeLines()).toEqual([]);
  });

  it('begins a new window with the next error', async () => {
    const { plugin, host } = await serve(errors, 'errors {\n  consolidate 5m read warning\n}');
    ask(plugin, query, fails(READ));
    vi.advanceTimersByTime(300_000);
    ask(plugin, query, fails(READ));
    ask(plugin, query, fails(READ));
    vi.advanceTimersByTime(300_000);
    expect(host.takeLines()).toEqual([
      "[WARNING] plugin/errors: 1 errors like 'read' occurred in last 5m0s",
      "[WARNING] plugin/errors: 2 errors like 'read' occurred in last 5m0s",
    ]);
  });

  it('shows the first with show_first, and no summary if it stayed the only one', async () => {
    const { plugin, host } = await serve(errors, 'errors {\n  consolidate 1h30m refused info show_first\n}');
    ask(plugin, query, fails(READ));
    vi.advanceTimersByTime(5_400_000);
    expect(host.takeLines()).toEqual([`[INFO] plugin/errors: 2 x.example.com. A: ${READ}`]);
    ask(plugin, query, fails(READ));
    ask(plugin, query, fails(READ));
    vi.advanceTimersByTime(5_400_000);
    expect(host.takeLines()).toEqual([
      `[INFO] plugin/errors: 2 x.example.com. A: ${READ}`,
      "[INFO] plugin/errors: 2 errors like 'refused' occurred in last 1h30m0s",
    ]);
  });

  it('counts for the first pattern that matches, and writes what is pending when it is closed', async () => {
    const service = await serve(
      errors,
      'errors {\n  consolidate 300ms refused\n  consolidate 1s read debug show_first\n  consolidate 2s never\n}',
    );
    const { plugin, host } = service;
    ask(plugin, query, fails(READ));
    ask(plugin, query, fails('cannot read'));
    ask(plugin, query, fails('cannot read'));
    host.takeLines();
    service.close();
    expect(host.takeLines()).toEqual([
      "[ERROR] plugin/errors: 1 errors like 'refused' occurred in last 300ms",
      "[DEBUG] plugin/errors: 2 errors like 'read' occurred in last 1s",
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the manual page of errors', () => {
  const page = readFileSync(new URL('../../src/plugins/errors/README.md', import.meta.url), 'utf8');
  const doing = (protocol: Doing['protocol'], problem: Doing['problem'], upstream = '192.0.2.1:53'): Doing => ({
    upstream,
    protocol,
    problem,
  });
  const refused = { kind: 'refused', text: 'connection refused' } as const;
  const silent = doing('udp', SILENT);

  it('shows the line that is written', async () => {
    const { plugin, host } = await serve(errors, 'errors');
    ask(plugin, query, next(upstreamFailure([doing('udp', refused)])));
    const [line = ''] = host.takeLines();
    expect(page).toContain(`\n    ${line}\n`);
  });

  it.each([
    [[silent]],
    [[doing('udp', refused)]],
    [[doing('tcp', refused)]],
    [[doing('tls', { kind: 'reset', text: 'connection reset by peer' })]],
    [[doing('tcp', { kind: 'closed', text: 'the upstream closed the connection' })]],
    [[silent, doing('udp', refused, '[2001:db8::1]:53')]],
    [[]],
  ])('lists what forward writes of %j', (doings) => {
    expect(page).toContain(`| \`${upstreamFailure(doings).error ?? ''}\` `);
  });

  it('has patterns that match the texts of here and those of CoreDNS', () => {
    const patterns = [...page.matchAll(/`"([^`]+)"`/g)].map(([, pattern = '']) => new RegExp(pattern));
    const there = [
      'read udp 10.0.0.5:53094->192.0.2.1:53: read: connection refused',
      'read udp 10.0.0.5:53094->192.0.2.1:53: i/o timeout',
    ];
    const here = [doing('udp', refused), silent].map((one) => upstreamFailure([one]).error ?? '');
    expect(patterns.map((pattern) => here.map((text) => pattern.test(text)))).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(patterns.map((pattern) => there.map((text) => pattern.test(text)))).toEqual([
      [true, false],
      [false, true],
    ]);
  });
});

describe('errors, stacktrace', () => {
  const broken: Next = {
    answer() {
      throw new TypeError('no\nsuch thing');
    },
  };

  it('writes where an exception arose, a line for each frame, and lets it go on', async () => {
    const { plugin, host } = await serve(errors, 'errors {\n  stacktrace\n}');
    expect(() => plugin.answer(query, broken)).toThrow('such thing');
    const [first, , frame] = host.takeLines();
    expect(first).toBe('[ERROR] plugin/errors: 2 x.example.com. A: exception: TypeError: no');
    expect(frame).toMatch(/^\[ERROR\] plugin\/errors: {5}at .*errors\.test\.ts:\d+/);
  });

  it('does so for a promise that is rejected, and passes answers on as ever', async () => {
    const { plugin, host } = await serve(errors, 'errors {\n  stacktrace\n}');
    await expect(plugin.answer(query, next(Promise.reject(new Error('late'))))).rejects.toThrow('late');
    expect(host.takeLines()[0]).toContain('exception: Error: late');
    const answer = failure(Rcode.SERVFAIL, explain('internalError'), 'plain');
    expect(ask(plugin, query, next(answer))).toBe(answer);
    expect(host.takeLines()).toEqual(['[ERROR] plugin/errors: 2 x.example.com. A: plain']);
  });
});

describe('errors in a Corefile', () => {
  it.each([
    ['errors file.log', 'Corefile:2:8: invalid log file: file.log'],
    ['errors stdout stderr', "'errors' takes at most 1 argument"],
    ['errors\nerrors', "Corefile:3:1: 'errors' can be used once per server block, and stands at Corefile:2:1 already"],
    ['errors {\n  stacktrace on\n}', "'stacktrace' takes no arguments"],
    ['errors {\n  consolidate 5s\n}', "'consolidate' needs at least 2 arguments"],
    ['errors {\n  consolidate 5 x\n}', "did you mean '5s'?"],
    ['errors {\n  consolidate 0s x\n}', 'out of range'],
    ['errors {\n  consolidate 5s "(x"\n}', "Corefile:3:18: '(x' is no regular expression: missing closing )"],
    ['errors {\n  consolidate 5s "(?=x)"\n}', 'expected: RE2 syntax'],

    ['errors {\n  consolidate 5s x fatal\n}', "wrong value 'fatal'"],
    ['errors {\n  consolidate 5s x error twice\n}', "'twice' is one word too many"],
    ['errors {\n  consolidat 5s x\n}', "did you mean 'consolidate'?"],
  ])('%s', (lines, message) => {
    expectProblem(problemsOf(errors, lines), message);
  });

  it('a regular expression is bounded', () => {
    expect(problemsOf(errors, consolidating('x'.repeat(10_001)))[0]).toContain('expected: at most 10000 characters');
    expect(problemsOf(errors, consolidating('(x)'.repeat(101)))[0]).toContain('expected: at most 100 groups');
    expect(problemsOf(errors, consolidating('(?:x)'.repeat(1_000)))).toEqual([]);
  });

  it('reports everything wrong in one go', () => {
    expect(problemsOf(errors, 'errors x {\n  stack\n  consolidate 5 "("\n}')).toHaveLength(4);
  });
});

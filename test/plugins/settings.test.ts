import { describe, expect, it } from 'vitest';
import { bind } from '../../src/plugins/bind/bind.ts';
import { debug } from '../../src/plugins/debug/debug.ts';
import { reload } from '../../src/plugins/reload/reload.ts';
import { expectProblem } from './problems.ts';
import { settingsOf } from './support.ts';

describe('bind', () => {
  it('adds up over its uses, addresses and interfaces alike', () => {
    const { settings, problems } = settingsOf(
      bind,
      'bind 10.0.0.1 eth0\nbind ::1 fe80::1%eth0 {\n  except 10.0.0.2 lo\n}\nbind eth0',
    );
    expect(problems).toEqual([]);
    expect(settings.bind).toEqual(['10.0.0.1', 'eth0', '::1', 'fe80::1%eth0']);
    expect(settings.bindExcept).toEqual(['10.0.0.2', 'lo']);
  });

  it('takes what interfaces are called', () => {
    expect(settingsOf(bind, 'bind br-1a2b3c4d5e6f eth0.100 eth0:1 wg0 veth@x').problems).toEqual([]);
  });

  it.each([
    ['bind', "'bind' needs an argument"],
    ['bind 300.1.1.1', "'300.1.1.1' is neither an address nor the name of an interface"],
    ['bind 10.0.0.0/24', "did you mean '10.0.0.0'?"],
    ['bind [::1]', "did you mean '::1'?"],
    ['bind 10.0.0.1:53', "did you mean '10.0.0.1'?"],
    ['bind fe80::zz', "'fe80::zz' is neither"],
    ['bind an-interface-too-long', 'is neither'],
    ['bind ""', "'' is neither"],
    ['bind lo {\n  except\n}', "'except' needs an argument"],
    ['bind lo {\n  but eth0\n}', "unknown option of 'bind' 'but'"],
  ])('%s is reported', (lines, message) => {
    expectProblem(settingsOf(bind, lines).problems, message);
  });
});

describe('debug', () => {
  it('turns debug lines on', () => {
    const { settings, problems } = settingsOf(debug, 'debug');
    expect(problems).toEqual([]);
    expect(settings.debug).toBe(true);
  });

  it('takes no arguments and no block', () => {
    expect(settingsOf(debug, 'debug on').problems[0]).toContain("'debug' takes no arguments");
    expect(settingsOf(debug, 'debug {\n}').problems[0]).toContain("'debug' takes no block");
  });
});

describe('reload', () => {
  it.each([
    ['reload', { interval: 30_000, jitter: 15_000 }],
    ['reload 10s', { interval: 10_000, jitter: 5_000 }],
    ['reload 10s 2s', { interval: 10_000, jitter: 2_000 }],
    ['reload 2s 1s', { interval: 2_000, jitter: 1_000 }],
    ['reload 1m 0', { interval: 60_000, jitter: 0 }],
    ['reload 1m 45s', { interval: 60_000, jitter: 30_000 }],
    ['reload 0', undefined],
    ['reload 0s 0s', undefined],
  ])('%s', (lines, expected) => {
    const { settings, problems } = settingsOf(reload, lines);
    expect(problems).toEqual([]);
    expect(settings.reload).toEqual(expected);
  });

  it.each([
    ['reload 1s', 'the duration 1s is out of range'],
    ['reload 30', "did you mean '30s'?"],
    ['reload 10s 500ms', 'the duration 500ms is out of range'],
    ['reload 1000h', 'the duration 1000h is out of range'],
    ['reload 10s 2s 1s', "'reload' takes at most 2 arguments"],
    ['reload soon', "'soon' is not a duration"],
    ['reload\nreload', "'reload' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(settingsOf(reload, lines).problems, message);
  });
});

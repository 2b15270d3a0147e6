/** The words of `transfer`: what they may be, and each error of its manual page. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { transfer } from '../../../src/plugins/transfer/transfer.ts';
import { problemsOf } from '../support.ts';

/** The first line of each problem, without its place. */
function messages(lines: string, zones?: readonly string[]): readonly string[] {
  return problemsOf(transfer, lines, zones === undefined ? {} : { zones }).map(
    (problem) => /: (.*)/.exec(problem.split('\n')[0] ?? '')?.[1] ?? '',
  );
}

describe('is read without a problem', () => {
  it.each([
    'transfer {\nto *\n}',
    'transfer example.org {\nto 192.0.2.1 192.0.2.1:5353 2001:db8::1 [2001:db8::1] [2001:db8::1]:5353\n}',
    'transfer {\nto 192.0.2.0/24 2001:db8::/32 ::ffff:192.0.2.1\nto 198.51.100.1\n}',
    'transfer {\nto 192.0.2.1\nsource 192.0.2.53\n}',
    'transfer example.org {\nto *\n}\ntransfer example.net {\nto 192.0.2.1\n}',
    'transfer 10.0.0.0/8 {\nto *\n}',
  ])('%s', (lines) => {
    expect(messages(lines)).toEqual([]);
  });
});

describe('is refused', () => {
  it.each([
    ['transfer', "'transfer' says to nobody"],
    ['transfer {\n}', "'transfer' says to nobody"],
    ['transfer {\nsource 192.0.2.1\n}', "'transfer' says to nobody"],
    ['transfer {\nto\n}', "'to' needs an argument"],
    ['transfer {\nto example.org\n}', "'example.org' is neither an address nor a network"],
    ['transfer {\nto 192.0.2.1:0\n}', "'192.0.2.1:0' is neither an address nor a network"],
    ['transfer {\nto 192.0.2.1:65536\n}', "'192.0.2.1:65536' is neither an address nor a network"],
    ['transfer {\nto [192.0.2.1]:53\n}', "'[192.0.2.1]:53' is neither an address nor a network"],
    ['transfer {\nto 192.0.2.0/33\n}', "'192.0.2.0/33' is neither an address nor a network"],
    ['transfer {\nto 192.0.2.1 {\nx\n}\n}', "'to' takes no block"],
    ['transfer {\nto *\nsource\n}', "'source' needs an argument"],
    ['transfer {\nto *\nsource 192.0.2.1 192.0.2.2\n}', "'source' takes at most 1 argument, not 2"],
    ['transfer {\nto *\nsource eth0\n}', "'eth0' is not an address"],
    ['transfer {\nto *\nsource 192.0.2.1\nsource 192.0.2.2\n}', "'source' is given twice"],
    ['transfer {\nto *\nfrom 192.0.2.1\n}', "unknown option of 'transfer' 'from'"],
    [
      'transfer a.test b.test {\nto *\n}\ntransfer B.test {\nto *\n}',
      "another 'transfer' of this server block is for b.test. already",
    ],
    ['transfer a..b {\nto *\n}', 'is not a valid domain name: it has an empty label'],
  ])('%s', (lines, message) => {
    expect(messages(lines)[0]).toContain(message);
  });

  it('an option with the nearest word that is known', () => {
    expect(problemsOf(transfer, 'transfer {\nto *\nsourc 192.0.2.1\n}').join('\n')).toContain("did you mean 'source'?");
  });

  it('more addresses and networks than the bound (transferNetworks)', () => {
    const words = Array.from(
      { length: bounds.transferNetworks + 1 },
      (_, i) => `10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`,
    );
    expect(messages(`transfer {\nto ${words.slice(1).join(' ')}\n}`)).toEqual([]);
    expect(messages(`transfer {\nto ${words.join(' ')}\n}`)).toEqual([
      `'transfer' is to more than ${bounds.transferNetworks} addresses and networks`,
    ]);
  });
});

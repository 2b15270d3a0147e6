/** Keys with a scheme, and what their blocks need: everything wrong is said where it stands. */
import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { loadCorefile } from '../../src/corefile/corefile.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { planServer } from '../../src/server/plan.ts';
import type { ServerPlan } from '../../src/server/planned.ts';
import { expectProblem } from '../plugins/problems.ts';

const folder = fileURLToPath(new URL('../support/upstreams/certificates', import.meta.url));

function plan(text: string): { readonly made: ServerPlan | undefined; readonly problems: readonly string[] } {
  const problems = new Problems();
  const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder }, {}, problems);
  if (corefile === undefined) throw new Error('a text can always be read');
  const made = planServer(corefile, { defaultPort: 53, bind: [], fixtures: ['x'], folder }, problems);
  return { made, problems: problems.list.map(renderProblem) };
}

const block = (keys: string, ...lines: readonly string[]): string =>
  `${keys} {\n${['whoami', ...lines].join('\n')}\n}\n`;

const TLS = 'tls server.pem server.key';
const OTHER = 'tls stranger.pem stranger.key';

/** Each zone with where it is served. */
const served = ({ made, problems }: ReturnType<typeof plan>): readonly string[] => {
  expect(problems).toEqual([]);
  return (made?.blocks ?? []).flatMap((one) =>
    one.served.map(({ zone, at }) => `${at.scheme} ${zone.toString()} ${at.port}`),
  );
};

describe('a key with a scheme', () => {
  it('has the port of the scheme, or its own', () => {
    const keys = 'tls://a tls://b:8853 https://a https://b:8443 dns://a b';
    expect(served(plan(block(keys, TLS)))).toEqual([
      'tls a. 853',
      'tls b. 8853',
      'https a. 443',
      'https b. 8443',
      'dns a. 53',
      'dns b. 53',
    ]);
  });

  it('is compared with those of its own port, so that ten thousands of ports are planned in no time', () => {
    const keys = Array.from({ length: 40_000 }, (_, i) => `a:${i + 1}`).join(' ');
    expect(served(plan(block(keys)))).toHaveLength(40_000);
  }, 10_000);

  it('is another than one with another scheme', () => {
    expect(served(plan(block('tls://a', TLS) + block('a') + block('https://a', TLS)))).toHaveLength(3);
  });

  it.each([
    ['grpc://a', "'grpc://' is not served here: gRPC is not served", 'a tls:// or https:// server block'],
    ['quic://a', "'quic://' is not served here: DNS over QUIC is not served", 'a tls:// server block'],
    ['https3://a', "'https3://' is not served here: HTTP/3 is not served", 'an https:// server block'],
  ])('%s is refused, with what to use in its place', (key, message, instead) => {
    const { made, problems } = plan(block(key));
    expect(made).toBeUndefined();
    expectProblem(problems, `Corefile:1:1: ${message}`, `expected: ${instead}`);
  });

  it('that no word stands for is not known', () => {
    expect(plan(block('tsl://a')).problems[0]).toContain("did you mean 'tls://a'?");
  });
});

describe('what does not fit is reported', () => {
  it.each([
    ['no certificate', block('a tls://a'), ["Corefile:1:3: a tls:// server block needs 'tls'"]],
    [
      'the same zone twice',
      block('tls://a', TLS) + block('tls://a:853', TLS),
      ['Corefile:5:1: cannot serve tls://a.:853 - it is already defined'],
    ],
    [
      'TLS where plain DNS is',
      block('a:853') + block('tls://b', TLS),
      ['Corefile:4:1: port 853 is that of a key with dns:// already'],
    ],
    [
      'HTTPS where TLS is',
      block('tls://a:443 https://a', TLS),
      ['Corefile:1:13: port 443 is that of a key with tls:// already'],
    ],
    [
      'another certificate for one port',
      block('tls://a', TLS) + block('tls://b', OTHER),
      ["Corefile:7:1: another server block of port 853 has another 'tls'"],
    ],
    [
      'other demands of clients for one port',
      block('tls://a', TLS) + block('tls://b', `${TLS} {\nclient_auth require\n}`),
      ["Corefile:7:1: another server block of port 853 has another 'tls'"],
    ],
    [
      'HTTP and HTTPS for one port',
      block('https://a', TLS) + block('https://b'),
      ["Corefile:5:1: another server block of port 443 has another 'tls'"],
    ],
    [
      'a file that is not there, once',
      block('tls://a', TLS) + block('tls://b', 'tls none.pem server.key'),
      ['Corefile:7:5: the file '],
    ],
  ])('%s', (_, text, expected) => {
    const { made, problems } = plan(text);
    expect(made).toBeUndefined();
    expect(problems).toEqual(expected.map((one) => expect.stringContaining(one)));
  });

  it.each([
    ['tls', block('a', TLS), "'tls' has no effect: no key of the block begins with tls:// or https://"],
    [
      'https',
      block('tls://a', TLS, 'https {\nmax_connections 5\n}'),
      "'https' has no effect: no key of the block begins with https://",
    ],
    ['shed', block('tls://a', TLS, 'shed'), "'shed' has no effect: no key of the block begins with dns://"],
  ])('%s where nothing heeds it is a warning', (_, text, message) => {
    const { made, problems } = plan(text);
    expect(made).toBeDefined();
    expectProblem(problems, `warning: ${message}`);
  });

  it('other addresses may have other certificates', () => {
    const text = block('tls://a', TLS, 'bind 127.0.0.1') + block('tls://b', OTHER, 'bind 127.0.0.2');
    expect(served(plan(text))).toHaveLength(2);
  });
});

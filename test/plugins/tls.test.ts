/** `tls`: the files that it names and the words of its block. What it does to connections is tested with the sockets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { tls } from '../../src/plugins/tls/tls.ts';
import { authority, keyPairs } from '../support/upstreams/certificates.ts';
import { expectProblem } from './problems.ts';
import { settingsOf } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'nodens-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const { server, stranger, expired } = keyPairs;
const cert = file('server.pem', server.cert);
const key = file('server.key', server.key);
const ca = file('authority.pem', authority);
const IDENTITY = { certificate: server.cert, key: server.key, ca: undefined, clientAuth: 'nocert', keylog: undefined };

describe('tls', () => {
  it.each<readonly [string, unknown]>([
    [`tls ${cert} ${key}`, IDENTITY],
    [`tls ${cert} ${key} ${ca}`, { ...IDENTITY, ca: authority }],
    [`tls ${cert} ${key} {\n}`, IDENTITY],
    ...['nocert', 'request', 'require', 'verify_if_given', 'require_and_verify'].map((word): [string, unknown] => [
      `tls ${cert} ${key} {\n  client_auth ${word}\n}`,
      { ...IDENTITY, clientAuth: word },
    ]),
  ])('%s', (lines, expected) => {
    const { settings, problems } = settingsOf(tls, lines);
    expect(problems).toEqual([]);
    expect(settings.tls).toEqual(expected);
  });

  it('keylog names a file by its path, with a warning', () => {
    const { settings, problems } = settingsOf(tls, `tls ${cert} ${key} {\n  keylog secrets\n}`);
    expect(settings.tls).toEqual({ ...IDENTITY, keylog: '/secrets' });
    expect(problems).toEqual([expect.stringContaining('warning: whoever can read this file')]);
  });

  it('warns of a certificate that has expired', () => {
    const old = file('expired.pem', expired.cert);
    const { settings, problems } = settingsOf(tls, `tls ${old} ${key}`);
    expect(settings.tls?.certificate).toBe(expired.cert);
    expect(problems).toEqual([expect.stringContaining('warning: the certificate has expired')]);
  });

  it.each([
    ['tls', "'tls' needs at least 2 arguments, not 0"],
    [`tls ${cert}`, "'tls' needs at least 2 arguments, not 1"],
    [`tls ${cert} ${key} ${ca} more`, "'tls' takes at most 3 arguments"],
    [`tls /nowhere.pem ${key}`, 'the file /nowhere.pem does not exist'],
    [`tls ${cert} /nowhere.key`, 'the file /nowhere.key does not exist'],
    [`tls ${cert} ${key} /nowhere.pem`, 'the file /nowhere.pem does not exist'],
    [`tls ${folder} ${key}`, `the file ${folder} is no regular file`],
    [`tls ${key} ${key}`, `the file ${key} holds no certificate`],
    [`tls ${cert} ${cert}`, `the file ${cert} holds no key`],
    [`tls ${cert} ${key} ${key}`, `the file ${key} holds no certificate`],
    [`tls ${cert} ${file('other.key', stranger.key)}`, 'the key does not belong to the certificate'],
    [`tls ${cert} ${key} {\n  client_auth always\n}`, "wrong value 'always'"],
    [`tls ${cert} ${key} {\n  client_auth requir\n}`, "did you mean 'require'?"],
    [`tls ${cert} ${key} {\n  client_auth\n}`, "'client_auth' needs an argument"],
    [`tls ${cert} ${key} {\n  client_auth request\n  client_auth require\n}`, "'client_auth' is given twice"],
    [`tls ${cert} ${key} {\n  client_auth request {\n  }\n}`, "'client_auth' takes no block"],
    [`tls ${cert} ${key} {\n  keylog\n}`, "'keylog' needs an argument"],
    [`tls ${cert} ${key} {\n  client_aut require\n}`, "did you mean 'client_auth'?"],
    ['tls {\n  acme example.org\n}', "'acme' is not served here: certificates are not ordered by the server"],
    [`tls ${cert} ${key}\ntls ${cert} ${key}`, "'tls' can be used once per server block"],
  ])('%s is reported', (lines, message) => {
    const { settings, problems } = settingsOf(tls, lines);
    expectProblem(problems, message);
    // What can be used besides is of no matter: nothing is served with an error.
    if (!message.includes('twice') && !message.includes('client_auth') && !message.includes('once')) {
      expect(problems[0]).toContain('expected: ');
    }
    expect(settings.bind).toEqual([]);
  });

  it('warns of a certificate that is not valid yet', () => {
    vi.useFakeTimers({ now: new Date('2019-01-01') });
    onTestFinished(() => void vi.useRealTimers());
    expect(settingsOf(tls, `tls ${cert} ${key}`).problems).toEqual([
      expect.stringContaining('warning: the certificate is not valid before'),
    ]);
  });

  it('a certificate that TLS does not take is reported', () => {
    const weak = (end: string): string => fileURLToPath(new URL(`tls/weak.${end}`, import.meta.url));
    const { settings, problems } = settingsOf(tls, `tls ${weak('pem')} ${weak('key')}`);
    expect(problems).toEqual([expect.stringMatching(/TLS does not take the certificate: .*key too small/)]);
    expect(settings.tls).toBeUndefined();
  });

  it('certificateText: a file that is too large is not read', () => {
    const { problems } = settingsOf(tls, `tls ${file('large.pem', 'x'.repeat(1_048_577))} ${key}`);
    expect(problems).toEqual([expect.stringContaining('has more than 1048576 octets')]);
  });
});

/** Real clients of DNS over TLS and HTTPS against the real program, with certificates as people make them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { manifests } from './cluster.ts';
import { commands, describeWith, output } from './needs.ts';
import { Program } from './program.ts';

const NAME = 'dns.example.test';
const place = mkdtempSync(join(tmpdir(), 'nodens-encrypted-'));
let program: Program;
let [tls, https, http] = [0, 0, 0];

/** A certificate that is its own authority. */
function makeCertificate(file: string): void {
  const subject = ['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME},IP:127.0.0.1`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${file}.key`];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...subject, '-out', `${file}.pem`], {
    cwd: place,
    stdio: 'ignore',
  });
}

/** What kdig prints, in one text with single spaces. */
function kdig(port: number, ...words: readonly string[]): string {
  const { text } = output('kdig', '@127.0.0.1', '-p', String(port), '+retry=0', ...words);
  return text.replaceAll(/[ \t]+/g, ' ');
}

const trusting = (file: string): readonly string[] => [`+tls-ca=${join(place, file)}`, `+tls-hostname=${NAME}`];

describeWith('kdig and curl', commands('kdig', 'openssl', 'curl'), () => {
  beforeAll(async () => {
    [tls, https, http] = [await freePort(), await freePort(), await freePort()];
    for (const file of ['server', 'other']) makeCertificate(file);
    const chain = (lines: string): string => `{\n${lines}\nbind 127.0.0.1\nkubernetes cluster.local\n}\n`;
    const pair = 'tls server.pem server.key';
    writeFileSync(
      join(place, 'Corefile'),
      `tls://.:${tls} ${chain(pair)}https://.:${https} ${chain(pair)}https://.:${http} ${chain('')}`,
    );
    program = new Program(['-conf', join(place, 'Corefile'), '--fixture', '-'], { cwd: place, stdin: manifests });
    await program.port();
  });
  afterAll(async () => {
    await program.kill();
    rmSync(place, { recursive: true });
  });

  const ANSWER = 'nginx.default.svc.cluster.local. 5 IN A 10.96.0.80';

  it('nodens check finds nothing wrong with the Corefile', async () => {
    const checking = new Program(['check', '-conf', join(place, 'Corefile'), '--fixture', '-'], {
      cwd: place,
      stdin: manifests,
    });
    expect(await checking.ended()).toMatchObject({ code: 0 });
  });

  it('says which zones are served over what', () => {
    expect(program.stdout).toContain(`tls://.:${tls} on 127.0.0.1\n`);
    expect(program.stdout).toContain(`https://.:${https} on 127.0.0.1\n`);
  });

  it('gets an answer over TLS from a server that it trusts, padded', () => {
    const text = kdig(tls, '+tls', ...trusting('server.pem'), 'nginx.default.svc.cluster.local');
    expect(text).toContain(ANSWER);
    expect(text).toContain('TLS1.3');
    expect(text).toMatch(/Received 468 B/);
  });

  it('gets several answers on one connection', () => {
    const text = kdig(
      tls,
      '+tls',
      '+keepopen',
      ...['web', 'nginx', 'none'].flatMap((one) => [`${one}.default.svc.cluster.local`]),
    );
    expect(text).toContain(ANSWER);
    expect(text).toContain('status: NXDOMAIN');
  });

  it('gets no answer over TLS from a server that it does not trust', () => {
    const text = kdig(tls, '+tls', ...trusting('other.pem'), 'nginx.default.svc.cluster.local');
    expect(text).not.toContain(ANSWER);
  });

  it.each([
    ['+https', 'HTTP/2-POST'],
    ['+https-get', 'HTTP/2-GET'],
  ])('gets an answer over HTTPS: %s', (flag, way) => {
    const text = kdig(https, '+https', flag, ...trusting('server.pem'), 'nginx.default.svc.cluster.local');
    expect(text).toContain(ANSWER);
    expect(text).toContain(way);
    expect(text).toContain('status: 200');
  });

  it('is told where there are no queries', () => {
    const text = kdig(https, '+https=/elsewhere', 'nginx.default.svc.cluster.local');
    expect(text).toContain('404');
    expect(text).not.toContain(ANSWER);
  });

  it('gets nothing over plain DNS, and is told so by curl over HTTP without TLS', () => {
    expect(kdig(tls, '+tcp', '+time=2', 'nginx.default.svc.cluster.local')).not.toContain(ANSWER);
    const { text } = output('curl', '-s', '-i', '-m', '5', `http://127.0.0.1:${http}/dns-query`);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('sees a new certificate after SIGUSR1', async () => {
    for (const end of ['pem', 'key']) renameSync(join(place, `other.${end}`), join(place, `server.${end}`));
    const from = program.stdout.length;
    program.signal('SIGUSR1');
    await program.printed(/Reloading complete/, from);
    const text = kdig(tls, '+tls', ...trusting('server.pem'), 'nginx.default.svc.cluster.local');
    expect(text).toContain(ANSWER);
  });
});

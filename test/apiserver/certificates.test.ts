import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Authority } from './certificates.ts';
import { ask } from './client.ts';
import { running } from './running.ts';

describe('certificates', () => {
  it('are signed by their authority and by no other', () => {
    const authority = new Authority('One');
    const ca = new X509Certificate(authority.cert);
    const leaf = new X509Certificate(authority.issue({ commonName: 'server', hosts: ['localhost'] }).cert);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.verify(new X509Certificate(new Authority('One').cert).publicKey)).toBe(false);
  });

  it('name their hosts', () => {
    const hosts = ['localhost', '127.0.0.1', '::1', 'fd00:1::20a'];
    const leaf = new X509Certificate(new Authority('One').issue({ commonName: 'server', hosts }).cert);
    expect(leaf.checkHost('localhost')).toBe('localhost');
    expect(leaf.checkHost('elsewhere')).toBeUndefined();
    for (const address of hosts.slice(1)) expect(leaf.checkIP(address), address).toBe(address);
    expect(leaf.checkIP('127.0.0.2')).toBeUndefined();
  });

  it.each(['127.0.0.1', '::1'] as const)('let a client reach %s', async (host) => {
    const server = await running({ host });
    expect((await ask(server, '/healthz')).text).toBe('ok');
    const byName = { url: `https://localhost:${server.port}`, ca: server.ca };
    if (host === '127.0.0.1') expect((await ask(byName, '/healthz')).text).toBe('ok');
  });

  it('can be changed while the server runs: who trusts the old authority is refused by its own side', async () => {
    const server = await running();
    const before = { url: server.url, ca: server.ca };
    server.useAuthority(new Authority('Two'));
    await expect(ask(before, '/healthz')).rejects.toThrow(/certificate|signature/);
    expect((await ask(server, '/healthz')).status).toBe(200);
  });

  it('need not be used at all', async () => {
    const server = await running({ isSecure: false });
    expect(server.url).toMatch(/^http:/);
    expect((await ask(server, '/api')).status).toBe(200);
  });
});

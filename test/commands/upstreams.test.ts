/** Whom the built-in Corefile asks for names outside the cluster: resolv.conf's servers, and never itself. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { findUpstreams } from '../../src/commands/upstreams.ts';

const conf = (...servers: readonly string[]): string =>
  `# made for a test\nsearch example.com\n${servers.map((server) => `nameserver ${server}\n`).join('')}options ndots:5\n`;

describe('the upstreams of the built-in Corefile', () => {
  it('are those of resolv.conf', () => {
    expect(findUpstreams(conf('192.0.2.1', '2001:db8::1'), 53, [])).toEqual({
      line: 'forward . /etc/resolv.conf',
      remark: undefined,
    });
  });

  it('may be a server on this machine when this one has another port', () => {
    expect(findUpstreams(conf('127.0.0.1'), 1053, []).line).toBe('forward . /etc/resolv.conf');
  });

  it('are left out where the file names only this server', () => {
    const loopback = { line: undefined, remark: expect.stringContaining('names only this server') as unknown };
    expect(findUpstreams(conf('127.0.0.1'), 53, [])).toEqual(loopback);
    expect(findUpstreams(conf('127.0.0.1', '::1'), 53, ['127.0.0.1', '::1'])).toEqual(loopback);
    expect(findUpstreams(conf('127.0.0.1'), 53, ['0.0.0.0'])).toEqual(loopback);
    expect(findUpstreams(conf('127.0.0.1'), 53, ['::'])).toEqual(loopback);
    expect(findUpstreams(conf('0.0.0.0'), 53, ['127.0.0.1'])).toEqual(loopback);
    const own = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
    expect(findUpstreams(conf(...own), 53, [])).toEqual(loopback);
  });

  it('are those that are not this server where the file names both', () => {
    expect(findUpstreams(conf('127.0.0.1', '192.0.2.1', '192.0.2.2'), 53, ['127.0.0.1'])).toEqual({
      line: 'forward . 192.0.2.1 192.0.2.2',
      remark: expect.stringContaining('192.0.2.1 and 192.0.2.2') as unknown,
    });
  });

  it('may be at an address that this server is not bound to', () => {
    expect(findUpstreams(conf('127.0.0.53'), 53, ['127.0.0.1']).line).toBe('forward . /etc/resolv.conf');
  });

  it('are left out where there is no file, or no server in it', () => {
    expect(findUpstreams(undefined, 53, []).remark).toContain('cannot be read');
    expect(findUpstreams(conf('resolver.example.com'), 53, []).remark).toContain('names no server');
    expect(findUpstreams('search example.com\n#nameserver 192.0.2.1\n', 53, []).remark).toContain('names no server');
  });
});

/** Addresses as the Kubernetes client for Go takes them. */
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../src/cluster/watch/api/address.ts';
import { ApiError } from '../../../../src/cluster/watch/api/api.ts';

describe('an address', () => {
  it.each([
    ['https://10.0.0.1:6443', true, '10.0.0.1', 6443, '', '10.0.0.1:6443'],
    ['https://api.example', true, 'api.example', 443, '', 'api.example:443'],
    ['HTTPS://API.example/', true, 'api.example', 443, '', 'api.example:443'],
    ['http://10.0.0.1', false, '10.0.0.1', 80, '', '10.0.0.1:80'],
    ['https://[fd00::1]:6443', true, 'fd00::1', 6443, '', '[fd00::1]:6443'],
    ['https://proxy.example/k8s/clusters/c-1/', true, 'proxy.example', 443, '/k8s/clusters/c-1', 'proxy.example:443'],
    ['10.0.0.1:8080', false, '10.0.0.1', 8080, '', '10.0.0.1:8080'],
    ['localhost:8080', false, 'localhost', 8080, '', 'localhost:8080'],
    ['api.example', false, 'api.example', 80, '', 'api.example:80'],
    ['[::1]:8080', false, '::1', 8080, '', '[::1]:8080'],
  ])('%s', (text, secure, hostname, port, prefix, host) => {
    expect(parseAddress(text, false)).toEqual({ secure, hostname, port, prefix, host });
  });

  it('without a scheme means HTTPS where there are certificates', () => {
    expect(parseAddress('10.0.0.1:6443', true)).toMatchObject({ secure: true, port: 6443 });
    expect(parseAddress('api.example', true)).toMatchObject({ secure: true, port: 443 });
  });

  it.each(['', 'https://', 'tcp://10.0.0.1:6443', 'unix:///run/x', 'fd00::1', 'host:99999', 'host:8080/path', 'a b'])(
    "'%s' is none, and it says what one looks like",
    (text) => {
      expect(() => parseAddress(text, false)).toThrow(ApiError);
      expect(() => parseAddress(text, false)).toThrow(/write a URL such as https:/);
    },
  );

  it('holds no password, and does not repeat it', () => {
    expect(() => parseAddress('https://me:secret@10.0.0.1', false)).toThrow(/^(?!.*secret).*no user and no password/);
  });
});

/**
 * kubeadm's Corefile, word for word, on port 53 of a network namespace: the cluster's names over UDP and TCP, external ones
 * through the upstream of /etc/resolv.conf, health, readiness and metrics on their ports, and a stop with its lame duck.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manifests } from './cluster.ts';
import { commands, describeWith, output, right } from './needs.ts';
import { Program } from './program.ts';

const corefile = fileURLToPath(new URL('../corefiles/kubeadm.Corefile', import.meta.url));

/** An upstream that answers every question with 192.0.2.80, and ends when the program that it serves is gone. */
const upstream = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    let end = 12;
    while (message[end] !== 0) end += message[end] + 1;
    const question = message.subarray(12, end + 5);
    const header = Buffer.from([message[0], message[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80]);
    socket.send(Buffer.concat([header, question, answer]), port, address);
  });
  socket.bind(53, '127.0.0.53');
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.exit(), 100);
`;

const needs =
  commands('unshare', 'nsenter', 'ip', 'mount', 'dig') ??
  right('a network and mount namespace', 'unshare', '--map-root-user', '--net', '--mount', 'true');

let folder = '';
let server: Program;

const enter = (...command: readonly string[]): string => {
  const namespaces = ['--user', '--net', '--mount', '--preserve-credentials'];
  return output('nsenter', '--target', String(server.pid), ...namespaces, ...command).text.trim();
};
const dig = (...words: readonly string[]): string => enter('dig', '@127.0.0.1', '+tries=1', ...words);
const fetched = (url: string): string =>
  enter(
    process.execPath,
    '-e',
    'fetch(process.argv[1]).then(async (r) => console.log(r.status, r.headers.get("content-type"), await r.text()))',
    url,
  );

describeWith("kubeadm's Corefile", needs, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nodens-kubeadm-'));
    const resolvConf = join(folder, 'resolv.conf');
    writeFileSync(resolvConf, 'nameserver 127.0.0.53\n');
    writeFileSync(join(folder, 'cluster.yaml'), manifests);
    writeFileSync(join(folder, 'upstream.cjs'), upstream);
    const node = `"${process.execPath}" upstream.cjs &`;
    const prepare = `mount --bind "$0" /etc/resolv.conf && ip link set lo up && { ${node} exec "$@"; }`;
    const within = ['unshare', '--map-root-user', '--net', '--mount', 'sh', '-c', prepare, resolvConf];
    server = new Program(['-conf', corefile, '--fixture', 'cluster.yaml'], { within, cwd: folder });
    expect(await server.port()).toBe(53);
  });
  afterAll(async () => {
    await server.kill();
    rmSync(folder, { recursive: true });
  });

  it.each(['+notcp', '+tcp'])('answers the names of the cluster (%s)', (transport) => {
    expect(dig(transport, '+noall', '+answer', 'nginx.default.svc.cluster.local')).toMatch(
      /^nginx\.default\.svc\.cluster\.local\.\s+30\s+IN\s+A\s+10\.96\.0\.80$/,
    );
    expect(dig(transport, '+short', '-x', '10.96.0.80')).toBe('nginx.default.svc.cluster.local.');
    expect(dig(transport, 'nope.default.svc.cluster.local')).toMatch(/status: NXDOMAIN/);
  });

  it('answers other names from the upstream, and then from its cache', () => {
    expect(dig('+short', 'www.example.com')).toBe('192.0.2.80');
    expect(dig('+noall', '+answer', 'www.example.com')).toMatch(
      /^www\.example\.com\.\s+(29|30)\s+IN\s+A\s+192\.0\.2\.80$/,
    );
    // Nothing in the cluster has the address: the question is handed on.
    expect(dig('-x', '198.51.100.1')).toMatch(/status: NOERROR/);
  });

  it('says that it is well and ready, and counts', () => {
    expect(fetched('http://127.0.0.1:8080/health')).toBe('200 text/plain; charset=utf-8 OK');
    expect(fetched('http://127.0.0.1:8181/ready')).toBe('200 text/plain; charset=utf-8 OK');
    const metrics = fetched('http://127.0.0.1:9153/metrics');
    expect(metrics).toContain(
      'coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="."}',
    );
    expect(metrics).toContain('coredns_cache_hits_total{server="dns://:53",type="success",view="",zones="."} 1\n');
    expect(metrics).toContain('coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="NOERROR"');
  });

  it('goes on answering while it is a lame duck, and ends with status 0', async () => {
    server.signal('SIGTERM');
    await server.printed(/plugin\/health: Going into lameduck mode for 5s/);
    expect(dig('+short', 'nginx.default.svc.cluster.local')).toBe('10.96.0.80');
    expect(fetched('http://127.0.0.1:8080/health')).toMatch(/^200 /);
    expect(fetched('http://127.0.0.1:8181/ready')).not.toMatch(/^200 /);
    expect(await server.ended()).toMatchObject({ code: 0 });
  });
});

/**
 * Real clients against the real program: what people type, what a C library does by itself, what Node does. Each has its
 * own idea of flags, EDNS, search paths and truncation.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifests } from './cluster.ts';
import { commands, describeWith, output, printed, right } from './needs.ts';
import { Program } from './program.ts';

/** Where the program serves; the tests are declared before that is known. */
let port = '';
let program: Program;
const place = mkdtempSync(join(tmpdir(), 'nodens-clients-'));

/** Nobody listens there: names outside the cluster fail at once. */
const NO_UPSTREAM = '127.0.0.1:1';

beforeAll(async () => {
  const builtIn = await new Program(['--fixture', '-', '--print-config'], { cwd: place, stdin: manifests }).ended();
  const corefile = builtIn.stdout
    .replace(/^ *forward .*\n/m, '')
    .replace('cache', `forward . ${NO_UPSTREAM}\n    cache`);
  writeFileSync(join(place, 'Corefile'), corefile);
  program = new Program(['--fixture', '-', '--bind', '127.0.0.1', '-dns.port', '0'], { cwd: place, stdin: manifests });
  port = String(await program.port());
});
afterAll(async () => {
  await program.kill();
  rmSync(place, { recursive: true });
});

/** Lines without comments and empty ones, with single spaces, sorted. */
function records(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '' && !line.startsWith(';')).toSorted();
}

/** The last word of each, which is the address where they are records of addresses. */
function lastWords(text: string): readonly string[] {
  return records(text)
    .map((line) => line.slice(line.lastIndexOf(' ') + 1))
    .toSorted();
}

const podAddresses = ['10.244.0.1', '10.244.0.2', '10.244.0.3'];
const many = Array.from({ length: 60 }, (_, i) => `10.245.0.${i + 1}`).toSorted();

const dig = (...words: readonly string[]): string => printed('dig', '@127.0.0.1', '-p', port, ...words);

const short = (...words: readonly string[]): readonly string[] => records(dig('+short', ...words));

describeWith('dig', commands('dig'), () => {
  it('gets the ClusterIP of a full name', () => {
    expect(short('nginx.default.svc.cluster.local')).toEqual(['10.96.0.80']);
  });

  it.each(['nginx', 'nginx.default', 'nginx.default.svc'])('gets it of %s, through a CNAME', (name) => {
    expect(records(dig('+noall', '+answer', name))).toEqual(
      [
        `${name}. 5 IN CNAME nginx.default.svc.cluster.local.`,
        'nginx.default.svc.cluster.local. 5 IN A 10.96.0.80',
      ].toSorted(),
    );
  });

  it('gets every ready pod of a headless Service, and no other', () => {
    expect(short('web.default.svc.cluster.local')).toEqual(podAddresses);
  });

  it('asks over TCP', () => {
    expect(short('+tcp', 'web.default.svc.cluster.local')).toEqual(podAddresses);
  });

  it('asks again over TCP by itself when the answer did not fit', () => {
    const text = dig('+bufsize=512', '+noall', '+answer', '+comments', 'many.default.svc.cluster.local');
    expect(text).toContain(';; Truncated, retrying in TCP mode.');
    expect(lastWords(text)).toEqual(many);
  });

  it('asks without RD, and RD does not come back', () => {
    const text = dig('+norec', 'nginx.default.svc.cluster.local');
    expect(text).toMatch(/^;; flags: qr aa; QUERY: 1, ANSWER: 1,/m);
    expect(dig('nginx.default.svc.cluster.local')).toMatch(/^;; flags: qr aa rd; QUERY: 1, ANSWER: 1,/m);
  });

  it('looks addresses up in reverse, of Services and of endpoints', () => {
    expect(short('-x', '10.96.0.80')).toEqual(['nginx.default.svc.cluster.local.']);
    expect(short('-x', '10.244.0.2')).toEqual(['web-1.web.default.svc.cluster.local.']);
    expect(short('-x', 'fd00:10:96::80')).toEqual(['dual.default.svc.cluster.local.']);
  });

  it('gets SRV records with the addresses of their targets', () => {
    expect(short('_http._tcp.nginx.default.svc.cluster.local', 'SRV')).toEqual([
      '0 100 8080 nginx.default.svc.cluster.local.',
    ]);
    const additional = records(dig('+noall', '+additional', '_http._tcp.web.default.svc.cluster.local', 'SRV'));
    expect(additional).toEqual(
      podAddresses.map((address, i) => `web-${i}.web.default.svc.cluster.local. 5 IN A ${address}`),
    );
  });

  it('gets an answer for ANY', () => {
    const text = dig('ANY', 'nginx.default.svc.cluster.local');
    expect(text).toMatch(/status: NOERROR/);
  });

  it('gets NXDOMAIN, NODATA and, outside the cluster where no upstream answers, SERVFAIL, each with its reason', () => {
    expect(dig('nope.default.svc.cluster.local')).toMatch(
      /status: NXDOMAIN[^]*flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1,[^]*^cluster\.local\.\s+5\s+IN\s+SOA\s/m,
    );
    expect(dig('AAAA', 'nginx.default.svc.cluster.local')).toMatch(
      /status: NOERROR[^]*flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1,[^]*^cluster\.local\.\s+5\s+IN\s+SOA\s/m,
    );
    const failed = dig('www.example.com');
    expect(failed).toMatch(/status: SERVFAIL/);
    expect(failed).toContain(`no upstream can be reached: ${NO_UPSTREAM} connection refused`);
    expect(dig('nope.default.svc.cluster.local')).toContain('no such Service in this namespace');
  });

  it('sends a cookie, an NSID request and padding, and is answered all the same', () => {
    const words = ['+cookie', '+nsid', '+padding=128', '+dnssec', 'nginx.default.svc.cluster.local'];
    expect(dig(...words)).toMatch(/status: NOERROR[^]*EDNS: version: 0, flags: do; udp: 1232[^]*10\.96\.0\.80/);
  });

  it('sends a version of EDNS that does not exist, and is told so', () => {
    expect(dig('+edns=1', '+noednsneg', 'nginx.default.svc.cluster.local')).toMatch(/status: BADVERS/);
  });

  it('keeps a connection open for several questions', () => {
    const name = 'nginx.default.svc.cluster.local';
    expect(records(dig('+tcp', '+keepopen', '+short', name, 'web.default.svc.cluster.local', name))).toEqual(
      ['10.96.0.80', '10.96.0.80', ...podAddresses].toSorted(),
    );
  });

  it('gets its own spelling back', () => {
    expect(records(dig('+noall', '+answer', 'NGINX.Default.svc.cluster.LOCAL'))).toEqual([
      'NGINX.Default.svc.cluster.LOCAL. 5 IN A 10.96.0.80',
    ]);
  });
});

const kdig = (...words: readonly string[]): string => printed('kdig', '@127.0.0.1', '-p', port, ...words);

describeWith('kdig', commands('kdig'), () => {
  it('gets addresses over UDP and TCP', () => {
    expect(records(kdig('+short', 'nginx.default.svc.cluster.local'))).toEqual(['10.96.0.80']);
    expect(records(kdig('+short', '+tcp', 'web.default.svc.cluster.local'))).toEqual(podAddresses);
  });

  it('gets all of an answer that fits the size it offers, over UDP', () => {
    const text = kdig('+bufsize=4096', '+noall', '+answer', '+stats', 'many.default.svc.cluster.local');
    expect(text).toMatch(/\(UDP\)/);
    expect(lastWords(text)).toEqual(many);
  });

  it('goes to TCP where the answer does not fit', () => {
    const text = kdig('+bufsize=512', '+noall', '+answer', '+stats', 'many.default.svc.cluster.local');
    expect(text).toMatch(/\(TCP\)/);
    expect(records(text)).toHaveLength(many.length);
  });

  it('sends options of EDNS that nobody knows', () => {
    const text = kdig('+ednsopt=65001:c0ffee', '+subnet=192.0.2.0/24', 'nginx.default.svc.cluster.local');
    expect(text).toMatch(/status: NOERROR[^]*EDNS PSEUDOSECTION[^]*10\.96\.0\.80/);
  });

  it('gets no OPT record where it sends none', () => {
    const text = kdig('+noedns', 'nginx.default.svc.cluster.local');
    expect(text).toMatch(/status: NOERROR/);
    expect(text).not.toContain('EDNS PSEUDOSECTION');
  });
});

const resolver = (): Resolver => {
  const one = new Resolver({ timeout: 2_000, tries: 3 });
  one.setServers([`127.0.0.1:${port}`]);
  return one;
};

describe('dns.Resolver of Node', () => {
  it('resolves addresses of both families', async () => {
    expect(await resolver().resolve4('nginx.default.svc.cluster.local', { ttl: true })).toEqual([
      { address: '10.96.0.80', ttl: 5 },
    ]);
    expect(await resolver().resolve6('dual.default.svc.cluster.local')).toEqual(['fd00:10:96::80']);
    expect((await resolver().resolve4('many.default.svc.cluster.local')).toSorted()).toEqual(many);
  });

  it('resolves SRV, PTR, NS, SOA and CNAME', async () => {
    expect(await resolver().resolveSrv('_http._tcp.nginx.default.svc.cluster.local')).toEqual([
      { name: 'nginx.default.svc.cluster.local', port: 8080, priority: 0, weight: 100, type: 'SRV' },
    ]);
    expect(await resolver().reverse('10.96.0.80')).toEqual(['nginx.default.svc.cluster.local']);
    expect(await resolver().resolveNs('cluster.local')).toEqual(['ns.dns.cluster.local']);
    expect(await resolver().resolveSoa('cluster.local')).toMatchObject({ nsname: 'ns.dns.cluster.local', minttl: 5 });
    expect(await resolver().resolveCname('outside.default.svc.cluster.local')).toEqual(['db.example.com']);
  });

  it('tells a name that does not exist from one without such records', async () => {
    await expect(resolver().resolve4('nope.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver().resolve6('nginx.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver().resolve4('www.example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });
});

/** Stub resolvers that read /etc/resolv.conf and ask port 53, in namespaces of their own where both can be ours. */
const inNamespace =
  commands('unshare', 'nsenter', 'ip', 'mount') ??
  right('a network and mount namespace', 'unshare', '--map-root-user', '--net', '--mount', 'true');

let folder = '';
let server: Program;

/** Runs a command where the server is. */
const enter = (...command: readonly string[]): ReturnType<typeof output> => {
  const namespaces = ['--user', '--net', '--mount', '--preserve-credentials'];
  return output('nsenter', '--target', String(server.pid), ...namespaces, ...command);
};

/** Addresses and the canonical name. */
const lookUp = (name: string): { readonly addresses: readonly string[]; readonly canonical: string | undefined } => {
  const lines = records(enter('getent', 'ahosts', name).text);
  const streams = lines.filter((line) => line.includes(' STREAM'));
  return {
    addresses: streams.map((line) => line.split(' ')[0] ?? '').toSorted(),
    canonical: streams.map((line) => line.split(' ')[2]).find((word) => word !== undefined),
  };
};

const nslookup = (...words: readonly string[]): string => enter('busybox', 'nslookup', ...words).text;

describeWith('stub resolvers with a search path and ndots:5', inNamespace, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nodens-clients-'));
    const resolvConf = join(folder, 'resolv.conf');
    const search = 'shop.svc.cluster.local svc.cluster.local cluster.local';
    writeFileSync(resolvConf, `search ${search}\nnameserver 127.0.0.1\noptions ndots:5 timeout:2 attempts:3\n`);
    writeFileSync(join(folder, 'cluster.yaml'), manifests);
    const prepare = 'mount --bind "$0" /etc/resolv.conf && ip link set lo up && exec "$@"';
    const within = ['unshare', '--map-root-user', '--net', '--mount', 'sh', '-c', prepare, resolvConf];
    server = new Program(['--fixture', 'cluster.yaml', '--bind', '127.0.0.1'], { within, cwd: folder });
    expect(await server.port()).toBe(53);
  });
  afterAll(async () => {
    await server.kill();
    rmSync(folder, { recursive: true });
  });

  describeWith('getaddrinfo of glibc', commands('getent'), () => {
    it.each([
      ['a Service of the own namespace', 'cart', ['10.96.1.1'], 'cart.shop.svc.cluster.local'],
      ['a Service of another namespace', 'nginx.default', ['10.96.0.80'], 'nginx.default.svc.cluster.local'],
      ['a Service with svc', 'nginx.default.svc', ['10.96.0.80'], 'nginx.default.svc.cluster.local'],
      ['a full name', 'nginx.default.svc.cluster.local', ['10.96.0.80'], 'nginx.default.svc.cluster.local'],
      [
        'a full name with its dot',
        'nginx.default.svc.cluster.local.',
        ['10.96.0.80'],
        'nginx.default.svc.cluster.local',
      ],
      ['a headless Service', 'web.default', podAddresses, 'web.default.svc.cluster.local'],
      ['an endpoint', 'web-1.web.default', ['10.244.0.2'], 'web-1.web.default.svc.cluster.local'],
      ['both families', 'dual.default', ['10.96.0.81', 'fd00:10:96::80'], 'dual.default.svc.cluster.local'],
      ['an answer that takes TCP', 'many.default', many, 'many.default.svc.cluster.local'],
    ])('resolves %s', (_, name, addresses, canonical) => {
      expect(lookUp(name)).toEqual({ addresses, canonical });
    });

    it('fails for a name that is nowhere', () => {
      expect(enter('getent', 'ahosts', 'nope').status).toBe(2);
      expect(enter('getent', 'ahosts', 'www.example.com').status).toBe(2);
    });

    it('resolves an address in reverse', () => {
      expect(records(enter('getent', 'hosts', '10.96.0.80').text)).toEqual([
        '10.96.0.80 nginx.default.svc.cluster.local',
      ]);
    });
  });

  describeWith('BusyBox nslookup', commands('busybox'), () => {
    it('resolves a full name', () => {
      expect(nslookup('nginx.default.svc.cluster.local.')).toMatch(
        /Name:\s+nginx\.default\.svc\.cluster\.local\s+Address: 10\.96\.0\.80/,
      );
    });

    it('resolves both families', () => {
      const text = nslookup('dual.default.svc.cluster.local.');
      expect(text).toContain('Address: 10.96.0.81');
      expect(text).toMatch(/Address: fd00:10:96::80/);
    });

    it('resolves with the server named, in reverse, and by type', () => {
      expect(nslookup('10.96.0.80', '127.0.0.1')).toContain('name = nginx.default.svc.cluster.local');
      expect(nslookup('-type=srv', '_http._tcp.nginx.default.svc.cluster.local.')).toMatch(
        /service = 0 100 8080 nginx\.default\.svc\.cluster\.local/,
      );
    });

    it('says that a name does not exist', () => {
      expect(nslookup('nope.default.svc.cluster.local.')).toContain('NXDOMAIN');
    });
  });
});

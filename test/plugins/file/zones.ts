/** Zones for tests of `file`: one with every case that a look-up knows, and how to serve what is given as text. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { file } from '../../../src/plugins/file/file.ts';
import type { Closable } from '../../../src/plugins/plugin.ts';
import { type BlockOptions, type Service, type TestHost, makeHost, serve } from '../support.ts';

/** The origin is `example.test.`. */
export const EVERYTHING = `$TTL 300
@ 3600 SOA ns1 hostmaster 2026010101 7200 1800 86400 60
@ NS ns1
@ NS ns2.elsewhere.example.
@ MX 10 mail
@ MX 20 mail.elsewhere.example.
@ TXT "the apex"
@ CAA 0 issue "ca.example"
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mail A 192.0.2.25
www A 192.0.2.80
www A 192.0.2.81
www AAAA 2001:db8::80
www TXT "web" "server"
Mixed.Case A 192.0.2.44
; a name without records between these
deep.down.below A 192.0.2.5
_http._tcp SRV 10 60 80 www
_http._tcp SRV 20 0 80 www
_http._tcp SRV 30 0 80 www.elsewhere.example.
_sip._udp SRV 0 0 5060 wild.star
svc HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.80
naptr NAPTR 100 10 "U" "E2U+sip" "!^.*$!sip:info@example.test!" .
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
sshfp SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
_443._tcp.www TLSA 3 1 1 0d6fce3b9b1e4c2f1d6b5ac4fee6a4c2b3a1f0e9d8c7b6a5948372615a4b3c2d
unknown TYPE65280 \\# 4 0A000001
many PTR one
many PTR two
; aliases
alias CNAME www
chain CNAME chain2
chain2 CNAME alias
loop CNAME loop2
loop2 CNAME loop
self CNAME self
dangling CNAME nothing
outside CNAME www.elsewhere.example.
empty CNAME down.below
tostar CNAME some.star
tocut CNAME host.sub
todname CNAME a.moved
; wildcards
*.star A 192.0.2.99
*.star TXT "wild"
*.star MX 10 mail
exact.star TXT "not wild"
below.exact.star A 192.0.2.98
*.alias-star CNAME www
*.ent.star2 A 192.0.2.97
*.mid.star2.deeper A 192.0.2.96
; delegations
sub NS ns.sub
sub NS ns1
sub NS ns.elsewhere.example.
ns.sub A 192.0.2.53
ns.sub AAAA 2001:db8::53
occluded.sub A 192.0.2.54
deeper.ns.sub TXT "occluded"
safe NS ns.sub
safe DS 12345 13 2 49FD46E6C4B45C55D4AC3D9D4E0A5E3B1F9A1D4B5E6F708192A3B4C5D6E7F809
; redirections
moved DNAME new.home
moved TXT "beside a DNAME"
a.new.home A 192.0.2.67
b.new.home CNAME a.moved
away DNAME elsewhere.example.
new.home TXT "home"
long DNAME ${'a23456789.'.repeat(23)}elsewhere.example.
`;

export interface Folder {
  readonly path: (name: string) => string;
  /** Writes a file, with the folders on the way to it. */
  readonly write: (name: string, text: string) => string;
  /** `file LINE` in service. */
  readonly serve: (lines: string, options?: BlockOptions & { readonly host?: TestHost }) => Promise<Service>;
  /** A zone of this text; `example.test.` where nothing else is said. */
  readonly zone: (text: string, options?: string, zone?: string) => Promise<Service>;
}

/** A folder for each test; what is served out of it is closed behind it. */
export function useFolder(): Folder {
  let folder = '';
  const services: Service[] = [];
  const things: Closable[] = [];
  /** Closes what outlives a plugin, too: it looks at files that are not there any more. */
  const hostOf = (): TestHost => {
    const shared = new Map<string, Closable>();
    return makeHost({
      shared: (kind, key, create) => {
        const known = shared.get(key);
        const thing = known instanceof kind ? known : create();
        shared.set(key, thing);
        things.push(thing);
        return thing;
      },
    });
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zones-'));
  });
  afterEach(() => {
    for (const service of services.splice(0)) service.close();
    for (const thing of things.splice(0)) thing.close();
    rmSync(folder, { recursive: true });
  });
  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string): string => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
    return path(name);
  };
  const serveLines: Folder['serve'] = async (lines, options = {}) => {
    const service = await serve(file, lines, { folder, host: hostOf(), ...options });
    services.push(service);
    return service;
  };
  return {
    path,
    write,
    serve: serveLines,
    zone: async (text, options = '', zone = 'example.test') => {
      write('db', text);
      return serveLines(`file db ${zone} {\n${options}\n}`);
    },
  };
}

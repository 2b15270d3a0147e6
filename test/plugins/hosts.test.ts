import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { hosts } from '../../src/plugins/hosts/hosts.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { expectProblem } from './problems.ts';
import {
  PASSED_ON,
  type BlockOptions,
  type Service,
  type TestHost,
  answered,
  ask,
  makeHost,
  makeQuery,
  problemsOf,
  serve,
  textOf,
} from './support.ts';

let folder = '';
const services: Service[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hosts-'));
});

afterEach(() => {
  for (const service of services.splice(0)) service.close();
  rmSync(folder, { recursive: true });
});

async function serveHosts(lines: string, options: BlockOptions & { readonly host?: TestHost } = {}): Promise<Service> {
  const service = await serve(hosts, lines, { folder, ...options });
  services.push(service);
  return service;
}

/** `hosts FILE ZONES { OPTIONS }` in service over a file of this text. */
async function serveFile(text: string, options = '', words = ''): Promise<Service> {
  writeFileSync(join(folder, 'hosts'), text);
  return serveHosts(`hosts hosts ${words} {\n${options}\n}`);
}

const look = (service: Service, name: string, type = 'A'): ReturnType<typeof textOf> =>
  textOf(ask(service.plugin, makeQuery(name, type)));
const PASSED = textOf(PASSED_ON);
const EMPTY = answered();

describe('hosts', () => {
  const file =
    '# comment\n10.0.0.1 Db db.internal # the database\n\t10.0.0.2   db\r\n\n2001:db8::1 db\nfe80::1%eth0 link\n::ffff:10.0.0.9 mapped\n';

  it.each(['AAAA', 'MX'])('says why a name that is there has no record of type %s', async (type) => {
    const { plugin } = await serveFile(file);
    expect(ask(plugin, makeQuery('db.internal.', type))).toMatchObject({
      rcode: Rcode.NOERROR,
      answers: [],
      explanation: { word: 'no_such_type' },
    });
  });

  it('answers A and AAAA with the question’s own spelling, in the order of the file', async () => {
    const service = await serveFile(file);
    expect(look(service, 'dB.')).toEqual(answered('dB. 3600 IN A 10.0.0.1', 'dB. 3600 IN A 10.0.0.2'));
    expect(look(service, 'db.', 'AAAA')).toEqual(answered('db. 3600 IN AAAA 2001:db8::1'));
    expect(look(service, 'db.internal.')).toEqual(answered('db.internal. 3600 IN A 10.0.0.1'));
  });

  it('drops the zone identifier of an IPv6 address, and takes an IPv4-mapped one for IPv4', async () => {
    const service = await serveFile(file);
    expect(look(service, 'link.', 'AAAA')).toEqual(answered('link. 3600 IN AAAA fe80::1'));
    expect(look(service, 'mapped.')).toEqual(answered('mapped. 3600 IN A 10.0.0.9'));
  });

  it('answers other types of a name that is there with nothing: NOERROR, no SOA, AA', async () => {
    const service = await serveFile(file);
    expect(look(service, 'db.internal.', 'AAAA')).toEqual(EMPTY);
    expect(look(service, 'db.', 'MX')).toEqual(EMPTY);
    expect(look(service, 'db.', 'ANY')).toEqual(EMPTY);
  });

  it('fails for a name that is not there, and says nothing of an error', async () => {
    expect(look(await serveFile(file), 'nothing.')).toBe('SERVFAIL');
  });

  it('answers PTR with all names of the address, in any zone', async () => {
    const service = await serveFile(file, '', 'example.org');
    expect(look(service, '1.0.0.10.in-addr.arpa.', 'PTR')).toEqual(
      answered('1.0.0.10.in-addr.arpa. 3600 IN PTR db.', '1.0.0.10.in-addr.arpa. 3600 IN PTR db.internal.'),
    );
    const nibbles = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`;
    expect(look(service, nibbles, 'PTR')).toEqual(answered(`${nibbles} 3600 IN PTR db.`));
  });

  it('passes on other classes than IN and ANY, whatever is asked', async () => {
    const service = await serveFile(file);
    const reverse = '1.0.0.10.in-addr.arpa.';
    for (const klass of ['CH', 'HS', 'NONE', 'CLASS7']) {
      for (const [name, type] of [
        ['db.', 'A'],
        ['db.', 'TXT'],
        ['nothing.', 'A'],
        [reverse, 'PTR'],
      ] as const) {
        const query = makeQuery(name, type, { class: klass });
        expect(textOf(ask(service.plugin, query)), `${name} ${klass} ${type}`).toEqual(PASSED);
      }
    }
    for (const [name, type, answer] of [
      ['db.internal.', 'A', 'db.internal. 3600 IN A 10.0.0.1'],
      [reverse, 'PTR', `${reverse} 3600 IN PTR db.`],
    ] as const) {
      expect(textOf(ask(service.plugin, makeQuery(name, type, { class: 'ANY' })))).toMatchObject({
        answers: expect.arrayContaining([answer]),
      });
    }
  });

  it('always passes a PTR question on that it has no names for', async () => {
    const service = await serveFile(file);
    for (const name of ['9.9.9.9.in-addr.arpa.', '0.10.in-addr.arpa.', 'in-addr.arpa.', 'db.', 'nothing.']) {
      expect(look(service, name, 'PTR'), name).toEqual(PASSED);
    }
  });

  it('passes on names outside of its zones', async () => {
    const service = await serveFile('10.0.0.1 a.example.org a.example.com\n', '', 'example.org. 10.0.0.0/8');
    expect(look(service, 'a.example.org.')).toEqual(answered('a.example.org. 3600 IN A 10.0.0.1'));
    expect(look(service, 'a.example.com.')).toEqual(PASSED);
    expect(look(service, 'x.example.org.')).toBe('SERVFAIL');
    expect(look(service, 'x.10.in-addr.arpa.')).toBe('SERVFAIL');
  });

  it('has the zones of the block where it names none', async () => {
    writeFileSync(join(folder, 'hosts'), '10.0.0.1 a.example.org a.example.com\n');
    const service = await serveHosts('hosts hosts', { zones: ['example.org'] });
    expect(look(service, 'a.example.com.')).toEqual(PASSED);
    expect(look(service, 'b.example.org.')).toBe('SERVFAIL');
  });

  it('may be replayed, and says what it rests on before it looks, whatever it then does', async () => {
    const service = await serveFile(file, 'fallthrough');
    expect(service.plugin.replayable).toBe(true);
    for (const [name, type] of [
      ['db.', 'A'],
      ['nothing.', 'A'],
      ['9.9.9.9.in-addr.arpa.', 'PTR'],
    ] as const) {
      const query = makeQuery(name, type);
      ask(service.plugin, query);
      expect(query.account.facts, name).toHaveLength(1);
    }
  });

  it('answers each address once, however often it stands there', async () => {
    const service = await serveFile('10.0.0.1 a a\n10.0.0.1 a\n', '10.0.0.1 a\n10.0.0.2 a');
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1', 'a. 3600 IN A 10.0.0.2'));
    expect(look(service, '1.0.0.10.in-addr.arpa.', 'PTR')).toEqual(answered('1.0.0.10.in-addr.arpa. 3600 IN PTR a.'));
  });
});

describe('hosts, wildcards', () => {
  const file = '10.0.0.1 *.apps.example\n10.0.0.2 own.apps.example\n::1 *.apps.example\n';

  it.each([
    ['a.apps.example.', 'A', answered('a.apps.example. 3600 IN A 10.0.0.1')],
    ['B.Apps.Example.', 'AAAA', answered('B.Apps.Example. 3600 IN AAAA ::1')],
    ['a.apps.example.', 'TXT', EMPTY],
    ['own.apps.example.', 'A', answered('own.apps.example. 3600 IN A 10.0.0.2')],
    ['own.apps.example.', 'AAAA', EMPTY],
    ['apps.example.', 'A', 'SERVFAIL'],
    ['a.b.apps.example.', 'A', 'SERVFAIL'],
    ['1.0.0.10.in-addr.arpa.', 'PTR', PASSED],
  ])('%s %s', async (name, type, expected) => {
    expect(look(await serveFile(file), name, type)).toEqual(expected);
  });
});

describe('hosts, options', () => {
  it('adds inline entries up with those of the file, the file first', async () => {
    const service = await serveFile('10.0.0.1 a\n', '10.0.0.2 a b\n::1 b\nttl 60\nfallthrough');
    expect(look(service, 'a.')).toEqual(answered('a. 60 IN A 10.0.0.1', 'a. 60 IN A 10.0.0.2'));
    expect(look(service, 'b.', 'AAAA')).toEqual(answered('b. 60 IN AAAA ::1'));
    expect(look(service, '2.0.0.10.in-addr.arpa.', 'PTR')).toMatchObject({
      answers: ['2.0.0.10.in-addr.arpa. 60 IN PTR a.', '2.0.0.10.in-addr.arpa. 60 IN PTR b.'],
    });
  });

  it('passes names on that are not there with fallthrough, for all zones or for some', async () => {
    const all = await serveFile('10.0.0.1 a\n', 'fallthrough');
    expect(look(all, 'nothing.')).toEqual(PASSED);
    expect(look(all, 'a.', 'AAAA')).toEqual(EMPTY);
    const some = await serveFile('10.0.0.1 a\n', 'fallthrough example.org');
    expect(look(some, 'x.example.org.')).toEqual(PASSED);
    expect(look(some, 'xexample.org.')).toBe('SERVFAIL');
  });

  it('passes other types of a name that is there on with fallthrough_unsupported', async () => {
    const service = await serveFile('10.0.0.1 a\n', 'fallthrough_unsupported');
    expect(look(service, 'a.', 'MX')).toEqual(PASSED);
    expect(look(service, 'a.', 'AAAA')).toEqual(EMPTY);
    expect(look(service, 'b.', 'MX')).toBe('SERVFAIL');
  });

  it('has no PTR records with no_reverse', async () => {
    const service = await serveFile('10.0.0.1 a\n', 'no_reverse');
    expect(look(service, '1.0.0.10.in-addr.arpa.', 'PTR')).toEqual(PASSED);
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1'));
  });

  it("serves k3s's own lines", async () => {
    mkdirSync(join(folder, 'etc'));
    writeFileSync(join(folder, 'etc', 'NodeHosts'), '172.18.0.2 k3d-server-0\n');
    const service = await serveHosts('hosts etc/NodeHosts {\n  ttl 60\n  reload 15s\n  fallthrough\n}');
    expect(look(service, 'k3d-server-0.')).toEqual(answered('k3d-server-0. 60 IN A 172.18.0.2'));
    expect(look(service, 'kubernetes.io.')).toEqual(PASSED);
  });
});

describe('hosts in a Corefile', () => {
  it.each([
    [
      'hosts {\n  fallthrough\n  10.1.1.1 a\n}',
      "Corefile:4:3: unknown property '10.1.1.1': entries stand before 'fallthrough'",
    ],
    ['hosts {\n  fallthruogh\n}', "did you mean 'fallthrough'?"],
    ['hosts {\n  a.b 10.1.1.3\n}', "'a.b' stands in front of its address"],
    ['hosts {\n  10.1.1.300 a\n}', "unknown option of 'hosts' '10.1.1.300'"],
    ['hosts {\n  10.1.1.1\n}', 'no name follows the address 10.1.1.1'],
    ['hosts {\n  10.1.1.1 a..b\n}', "'a..b' is no name"],
    ['hosts {\n  ttl 0\n}', 'ttl must be in range [1, 65535]: 0'],
    ['hosts {\n  ttl 65536\n}', 'ttl must be in range [1, 65535]: 65536'],
    ['hosts {\n  ttl\n}', "'ttl' needs"],
    ['hosts {\n  reload 5\n}', "did you mean '5s'?"],
    ['hosts {\n  reload -1s\n}', 'out of range'],
    ['hosts {\n  no_reverse x\n}', "'no_reverse' takes no arguments"],
    ['hosts ""', 'the name of the file is empty'],
    ['hosts\nhosts', "'hosts' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s', (lines, message) => {
    expectProblem(problemsOf(hosts, lines), message);
  });

  it('zones that are outside of those of the block', () => {
    const of = (line: string): readonly string[] => problemsOf(hosts, line, { zones: ['example.org'] });
    expectProblem(
      of('hosts /a/file other.org'),
      "2:15: warning: no query comes so far: 'other.org' is outside of 'example.org'",
    );
    expect(of('hosts /a/file a.example.org other.org')).toEqual([]);
    expect(of('hosts /a/file')).toEqual([]);
  });
});

/** Waits until the service answers so, or fails with what it answers instead. */
async function until(service: Service, name: string, expected: unknown): Promise<void> {
  await vi.waitFor(() => expect(look(service, name)).toEqual(expected), { timeout: 5000, interval: 10 });
}

describe('hosts, a file that changes', () => {
  it('is served anew, and what rested on it is out of date', async () => {
    // The poll interval is long: the folder watch does it.
    const service = await serveFile('10.0.0.1 a\n', 'reload 1h');
    const query = makeQuery('b.', 'A', { facts: service.host.facts });
    expect(ask(service.plugin, query)).toMatchObject({ rcode: Rcode.SERVFAIL });
    expect(query.account.holds).toBe(true);
    writeFileSync(join(folder, 'hosts'), '10.0.0.2 b\n');
    await until(service, 'b.', answered('b. 3600 IN A 10.0.0.2'));
    expect(query.account.holds).toBe(false);
    expect(look(service, 'a.')).toBe('SERVFAIL');
  });

  it('is seen where the folder cannot be watched, at the poll interval', async () => {
    const service = await serveHosts('hosts later/hosts {\n  10.0.0.9 x\n  reload 20ms\n}');
    mkdirSync(join(folder, 'later'));
    writeFileSync(join(folder, 'later', 'hosts'), '10.0.0.1 a\n');
    await until(service, 'a.', answered('a. 3600 IN A 10.0.0.1'));
    expect(look(service, 'x.')).toEqual(answered('x. 3600 IN A 10.0.0.9'));
  });

  it('is followed through the links of a ConfigMap', async () => {
    for (const [revision, address] of [
      ['1', '10.0.0.1'],
      ['2', '10.0.0.2'],
    ] as const) {
      mkdirSync(join(folder, revision));
      writeFileSync(join(folder, revision, 'hosts'), `${address} a\n`);
    }
    symlinkSync('1', join(folder, '..data'));
    symlinkSync('..data/hosts', join(folder, 'hosts'));
    const service = await serveHosts('hosts hosts {\n  reload 1h\n}');
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1'));
    symlinkSync('2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await until(service, 'a.', answered('a. 3600 IN A 10.0.0.2'));
  });

  it('keeps its last content when it goes away or breaks, with one line in the log each time', async () => {
    const service = await serveFile('10.0.0.1 a\n', 'reload 20ms');
    const path = join(folder, 'hosts');
    const complaints: string[] = [];
    const complaint = (text: string): Promise<void> =>
      vi.waitFor(() => {
        complaints.push(...service.host.takeLines());
        expect(complaints.at(-1)).toContain(text);
      }, 5000);
    rmSync(path);
    await complaint(`[WARNING] plugin/hosts: ${path} is gone; its last good content stays`);
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1'));
    writeFileSync(path, '');
    truncateSync(path, 16_777_217);
    await complaint(`[WARNING] plugin/hosts: ${path} cannot be read: it has more than 16777216 octets`);
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1'));
    writeFileSync(path, 'this is no\nhosts file\n');
    await complaint(`no line of it parses; line 1 is skipped: 'this' is no address; its last good content stays`);
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1'));
    writeFileSync(path, '10.0.0.2 a\n');
    await until(service, 'a.', answered('a. 3600 IN A 10.0.0.2'));
    expect([...complaints, ...service.host.takeLines()]).toHaveLength(3);
  });

  it('is not looked at again with reload 0', async () => {
    const service = await serveFile('10.0.0.1 a\n', 'reload 0s');
    const followed = await serveFile('10.0.0.1 a\n', 'reload 20ms');
    writeFileSync(join(folder, 'hosts'), '10.0.0.2 a\n');
    await until(followed, 'a.', answered('a. 3600 IN A 10.0.0.2'));
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1'));
  });
});

describe('hosts, a reload of the Corefile', () => {
  /** The generations of one process; the one before is let go when the next one is in service. */
  function generations(): (lines: string) => Promise<Service> {
    const shared = new SharedThings();
    let releases: (() => void)[] = [];
    const host = makeHost({
      shared: (kind, key, create) => {
        const { thing, release } = shared.hold(kind, key, create);
        releases.push(release);
        return thing;
      },
    });
    let last: Service | undefined;
    return async (lines) => {
      const before = releases;
      releases = [];
      const service = await serveHosts(lines, { host });
      last?.close();
      for (const release of before) release();
      last = service;
      return service;
    };
  }

  const KEPT = answered('a. 3600 IN A 10.0.0.1');

  it('keeps the last good content of a file that breaks or goes away, and says so each time', async () => {
    const lines = 'hosts hosts {\n  reload 20ms\n  fallthrough\n}';
    const path = join(folder, 'hosts');
    const start = generations();
    writeFileSync(path, '10.0.0.1 a\n');
    const first = await start(lines);
    expect(first.host.takeLines()).toEqual([]);
    writeFileSync(path, 'garbage\n');
    const garbage = `[WARNING] plugin/hosts: ${path} cannot be read: no line of it parses; line 1 is skipped: 'garbage' is no address; its last good content stays`;
    await vi.waitFor(() => expect(first.host.takeLines()).toEqual([garbage]), 5000);
    const second = await start(lines);
    expect(look(second, 'a.')).toEqual(KEPT);
    expect(look(second, '1.0.0.10.in-addr.arpa.', 'PTR')).toMatchObject({ rcode: 'NOERROR' });
    expect(look(second, 'b.')).toEqual(PASSED);
    expect(second.host.takeLines()).toEqual([garbage]);
    rmSync(path);
    const gone = `[WARNING] plugin/hosts: ${path} is gone; its last good content stays`;
    await vi.waitFor(() => expect(second.host.takeLines()).toEqual([gone]), 5000);
    for (let i = 0; i < 2; i++) {
      // oxlint-disable-next-line no-await-in-loop -- one generation after the other
      const further = await start(lines);
      expect(look(further, 'a.')).toEqual(KEPT);
      expect(further.host.takeLines()).toEqual([gone]);
    }
    const last = await start(lines);
    const query = makeQuery('a.', 'A', { facts: last.host.facts });
    ask(last.plugin, query);
    writeFileSync(path, '10.0.0.2 a\n');
    await until(last, 'a.', answered('a. 3600 IN A 10.0.0.2'));
    expect(query.account.holds).toBe(false);
  });

  it('keeps it where the options and the entries of the Corefile are others, without the entries of before', async () => {
    const start = generations();
    writeFileSync(join(folder, 'hosts'), '10.0.0.1 a\n10.0.0.4 *.apps\n');
    await start('hosts hosts {\n  10.0.0.2 a b\n  reload 0s\n}');
    rmSync(join(folder, 'hosts'));
    const second = await start(
      'hosts hosts {\n  10.0.0.1 c\n  10.0.0.3 a\n  10.0.0.5 *.apps\n  ttl 60\n  reload 1h\n}',
    );
    expect(look(second, 'a.')).toEqual(answered('a. 60 IN A 10.0.0.1', 'a. 60 IN A 10.0.0.3'));
    expect(look(second, 'b.')).toBe('SERVFAIL');
    expect(look(second, 'x.apps.')).toEqual(answered('x.apps. 60 IN A 10.0.0.4', 'x.apps. 60 IN A 10.0.0.5'));
    expect(look(second, '1.0.0.10.in-addr.arpa.', 'PTR')).toMatchObject({
      answers: ['1.0.0.10.in-addr.arpa. 60 IN PTR a.', '1.0.0.10.in-addr.arpa. 60 IN PTR c.'],
    });
    const third = await start('hosts hosts');
    expect(look(third, 'a.')).toEqual(KEPT);
    expect(look(third, 'c.')).toBe('SERVFAIL');
    expect(look(third, '1.0.0.10.in-addr.arpa.', 'PTR')).toEqual(answered('1.0.0.10.in-addr.arpa. 3600 IN PTR a.'));
  });

  it('reads the file anew, with reload 0 too', async () => {
    const start = generations();
    writeFileSync(join(folder, 'hosts'), '10.0.0.9 a\n');
    await start('hosts hosts {\n  reload 0s\n}');
    writeFileSync(join(folder, 'hosts'), '10.0.0.1 a\n');
    expect(look(await start('hosts hosts {\n  reload 0s\n}'), 'a.')).toEqual(KEPT);
    rmSync(join(folder, 'hosts'));
    expect(look(await start('hosts hosts {\n  reload 0s\n}'), 'a.')).toEqual(KEPT);
  });

  it('has nothing of another file, nor of one that never was good', async () => {
    const start = generations();
    writeFileSync(join(folder, 'hosts'), '10.0.0.1 a\n');
    writeFileSync(join(folder, 'other'), 'garbage\n');
    await start('hosts hosts');
    for (let i = 0; i < 2; i++) {
      // oxlint-disable-next-line no-await-in-loop -- one generation after the other
      const service = await start('hosts other {\n  fallthrough\n}');
      expect(look(service, 'a.')).toEqual(PASSED);
      expect(service.host.takeLines()).toEqual([
        `[WARNING] plugin/hosts: ${join(folder, 'other')} cannot be read: no line of it parses; line 1 is skipped: 'garbage' is no address`,
      ]);
    }
  });
});

describe('hosts, a file that is not as it should be', () => {
  it('may be missing: a warning, and the inline entries are served', async () => {
    const service = await serveHosts('hosts nowhere {\n  10.0.0.1 a\n}');
    expect(service.host.takeLines()).toEqual([`[WARNING] plugin/hosts: ${join(folder, 'nowhere')} does not exist`]);
    expect(look(service, 'a.')).toEqual(answered('a. 3600 IN A 10.0.0.1'));
  });

  it('may be a folder', async () => {
    const service = await serveHosts('hosts .');
    expect(service.host.takeLines()).toEqual([
      `[WARNING] plugin/hosts: ${folder} cannot be read: it is no regular file`,
    ]);
  });

  it('has lines skipped that do not parse: the first five named, the others counted', async () => {
    const bad = ['x y', '10.0.0.1', '10.0.0.300 a', '10.0.0.1 é', '10.0.0.1 a..b', '1 2', '\u0007\u001b[31m z'];
    const service = await serveFile(['\uFEFF10.0.0.1 first', ...bad, '10.0.0.2 last'].join('\n'));
    const path = join(folder, 'hosts');
    expect(service.host.takeLines()).toEqual([
      `[WARNING] plugin/hosts: ${path}: line 2 is skipped: 'x' is no address`,
      `[WARNING] plugin/hosts: ${path}: line 3 is skipped: no name follows the address 10.0.0.1`,
      `[WARNING] plugin/hosts: ${path}: line 4 is skipped: '10.0.0.300' is no address`,
      `[WARNING] plugin/hosts: ${path}: line 5 is skipped: 'é' is no name`,
      `[WARNING] plugin/hosts: ${path}: line 6 is skipped: 'a..b' is no name`,
      `[WARNING] plugin/hosts: ${path}: 2 more lines are skipped`,
    ]);
    expect(look(service, 'first.')).toMatchObject({ answers: ['first. 3600 IN A 10.0.0.1'] });
    expect(look(service, 'last.')).toMatchObject({ answers: ['last. 3600 IN A 10.0.0.2'] });
  });

  it('is not served beyond a million entries', async () => {
    const line = `10.0.0.1 ${'a '.repeat(1000)}\n`;
    const service = await serveFile(line.repeat(1001), '10.0.0.2 b');
    expect(service.host.takeLines()[0]).toContain('it has more than 1000000 entries');
    expect(look(service, 'a.')).toBe('SERVFAIL');
    expect(look(service, 'b.')).toEqual(answered('b. 3600 IN A 10.0.0.2'));
  }, 60_000);

  it('gives a name at most 256 addresses, and an address at most 256 names', async () => {
    const addresses = Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255} many\n`).join('');
    const names = Array.from({ length: 300 }, (_, i) => `192.0.2.1 n${i}\n`).join('');
    const host = makeHost();
    writeFileSync(join(folder, 'hosts'), addresses + names);
    const service = await serveHosts('hosts hosts', { host });
    expect(host.takeLines()).toHaveLength(1);
    expect(look(service, 'many.')).toMatchObject({ answers: { length: 256 } });
    expect(look(service, '1.2.0.192.in-addr.arpa.', 'PTR')).toMatchObject({ answers: { length: 256 } });
    expect(look(service, 'n299.')).toEqual(answered('n299. 3600 IN A 192.0.2.1'));
  });

  it('lets the event loop turn while a large one is read', async () => {
    writeFileSync(
      join(folder, 'hosts'),
      Array.from({ length: 20_000 }, (_, i) => `0.0.0.0 ads${i}.example\n`).join(''),
    );
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const service = await serveHosts('hosts hosts');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
    expect(look(service, 'ads19999.example.')).toEqual(answered('ads19999.example. 3600 IN A 0.0.0.0'));
  });
});

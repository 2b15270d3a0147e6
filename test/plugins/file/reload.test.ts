/** A zone file that changes, breaks or goes away while it is served. */
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { SharedThings } from '../../../src/server/shared-things.ts';
import { type Service, ask, makeHost, makeQuery, textOf } from '../support.ts';
import { useFolder } from './zones.ts';

const folder = useFolder();

const zone = (serial: number, address: string): string =>
  `@ 60 SOA ns h ${serial} 2 3 4 5\n@ NS ns\nwww A ${address}\n`;

function addressOf(service: Service): string {
  const answer = textOf(ask(service.plugin, makeQuery('www.example.test.', 'A')));
  return typeof answer === 'string' ? answer : (answer.answers[0]?.split(' ').at(-1) ?? answer.rcode);
}

const until = (service: Service, address: string): Promise<void> =>
  vi.waitFor(() => expect(addressOf(service)).toBe(address), { timeout: 5000, interval: 10 });

/** Collects lines of the log until one has this text. */
async function line(service: Service, text: string, lines: string[] = []): Promise<readonly string[]> {
  await vi.waitFor(
    () => {
      lines.push(...service.host.takeLines().map((one) => one.replaceAll(`${folder.path('')}/`, '')));
      expect(lines.at(-1)).toContain(text);
    },
    { timeout: 5000, interval: 10 },
  );
  return lines;
}

const failuresOf = ({ host }: Service): string | undefined =>
  /nodens_file_reload_failures_total\{zone="example.test."\} (\d+)/.exec(host.metrics.render())?.[1];

describe('a zone file that changes', () => {
  it('is served anew when its serial is another one, and what rested on it is out of date', async () => {
    // The interval is long: the folder watch does it.
    const service = await folder.zone(zone(1, '192.0.2.1'), 'reload 1h');
    const query = makeQuery('nothing.example.test.', 'A', { facts: service.host.facts });
    ask(service.plugin, query);
    expect(query.account.holds).toBe(true);
    const changed = vi.fn();
    const forget = service.host.neighbours.zones[0]?.onChange?.(changed);
    folder.write('db', zone(2, '192.0.2.2'));
    await until(service, '192.0.2.2');
    expect(query.account.holds).toBe(false);
    expect(changed).toHaveBeenCalledTimes(1);
    forget?.();
    folder.write('db', zone(1, '192.0.2.3'));
    await until(service, '192.0.2.3');
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('but kept its serial is not, and a line says so once', async () => {
    const service = await folder.zone(zone(1, '192.0.2.1'), 'reload 20ms');
    folder.write('db', zone(1, '192.0.2.2'));
    const lines = await line(service, 'db has changed, but the serial 1 of example.test. has not');
    expect(addressOf(service)).toBe('192.0.2.1');
    // Later looks find nothing new in it.
    folder.write('db', zone(2, '192.0.2.3'));
    await until(service, '192.0.2.3');
    expect(lines).toHaveLength(1);
    expect(failuresOf(service)).toBe('0');
  });

  it('and kept its serial is with reload_by_mtime, without telling those who ask for changes of the serial', async () => {
    const service = await folder.zone(zone(1, '192.0.2.1'), 'reload 1h\nreload_by_mtime');
    const changed = vi.fn();
    service.host.neighbours.zones[0]?.onChange?.(changed);
    folder.write('db', zone(1, '192.0.2.2'));
    await until(service, '192.0.2.2');
    expect(changed).not.toHaveBeenCalled();
  });

  it('is followed through the links of a ConfigMap; its text unchanged, nothing is said', async () => {
    folder.write('1/db', zone(1, '192.0.2.1'));
    folder.write('2/db', zone(1, '192.0.2.1'));
    folder.write('3/db', zone(2, '192.0.2.2'));
    symlinkSync('1', folder.path('..data'));
    symlinkSync('..data/db', folder.path('db'));
    const service = await folder.serve('file db example.test {\n  reload 20ms\n}');
    const swap = (to: string): void => {
      symlinkSync(to, folder.path('..tmp'));
      renameSync(folder.path('..tmp'), folder.path('..data'));
    };
    swap('2');
    swap('3');
    await until(service, '192.0.2.2');
    swap('2');
    await until(service, '192.0.2.1');
    swap('1');
    swap('3');
    await until(service, '192.0.2.2');
    expect(service.host.takeLines().filter((one) => one.includes('WARNING'))).toEqual([]);
  });

  it('by a file that it includes is read again', async () => {
    folder.write('more', 'www A 192.0.2.1\n');
    const text = '@ 60 SOA ns h 1 2 3 4 5\n$INCLUDE more\n';
    const service = await folder.zone(text, 'reload 20ms\nreload_by_mtime');
    expect(addressOf(service)).toBe('192.0.2.1');
    folder.write('more', 'www A 192.0.2.22\n');
    await until(service, '192.0.2.22');
  });

  it('is not looked at again with reload 0', async () => {
    const service = await folder.zone(zone(1, '192.0.2.1'), 'reload 0s');
    const followed = await folder.serve('file db example.test {\n  reload 20ms\n}');
    folder.write('db', zone(2, '192.0.2.2'));
    await until(followed, '192.0.2.2');
    expect(addressOf(service)).toBe('192.0.2.1');
  });
});

describe('a zone file that breaks or goes away', () => {
  it('leaves its last good content in service, with one line for each trouble and a count', async () => {
    const service = await folder.zone(zone(1, '192.0.2.1'), 'reload 20ms');
    expect(failuresOf(service)).toBe('0');
    rmSync(folder.path('db'));
    const lines: string[] = [];
    await line(service, 'db is gone; its last good content stays', lines);
    expect(addressOf(service)).toBe('192.0.2.1');
    folder.write('db', `${zone(2, '192.0.2.2')}www A 192.0.2.300\n`);
    await line(
      service,
      "db:4:7: '192.0.2.300' is no IPv4 address; expected an IPv4 address; its last good content stays",
      lines,
    );
    expect(addressOf(service)).toBe('192.0.2.1');
    rmSync(folder.path('db'));
    mkdirSync(folder.path('db'));
    await line(service, 'db cannot be read: it is no regular file; its last good content stays', lines);
    expect(addressOf(service)).toBe('192.0.2.1');
    rmSync(folder.path('db'), { recursive: true });
    folder.write('db', zone(3, '192.0.2.3'));
    await until(service, '192.0.2.3');
    lines.push(...service.host.takeLines().filter((one) => one.includes('WARNING')));
    // Whenever it is put in place of another, there may be a look at which it is gone.
    expect(lines.filter((one) => !one.includes(' is gone'))).toHaveLength(2);
    expect(Number(failuresOf(service))).toBe(lines.length);
  });

  it('and is as it was before is served on without another word', async () => {
    const service = await folder.zone(zone(1, '192.0.2.1'), 'reload 20ms');
    folder.write('db', 'this is no zone\n');
    const lines: string[] = [];
    await line(service, 'its last good content stays', lines);
    folder.write('db', zone(1, '192.0.2.1'));
    const followed = await folder.zone(zone(1, '192.0.2.1'), 'reload 20ms');
    folder.write('db', zone(2, '192.0.2.2'));
    await until(service, '192.0.2.2');
    await until(followed, '192.0.2.2');
    lines.push(...service.host.takeLines().filter((one) => one.includes('WARNING')));
    expect(lines).toHaveLength(1);
  });

  it('with nothing read yet: a warning, SERVFAIL until it is there, then answers', async () => {
    const service = await folder.serve('file later example.test {\n  reload 20ms\n}');
    expect(service.host.takeLines()).toEqual([`[WARNING] plugin/file: ${folder.path('later')} does not exist`]);
    const query = makeQuery('www.example.test.', 'A', { facts: service.host.facts });
    expect(ask(service.plugin, query)).toMatchObject({ kind: 'failure', explanation: { word: 'zone_not_loaded' } });
    expect(service.host.neighbours.zones[0]?.contents()).toBeUndefined();
    folder.write('later', zone(1, '192.0.2.1'));
    await until(service, '192.0.2.1');
    expect(query.account.holds).toBe(false);
  });

  it('and is not looked at again, is an error at the start', async () => {
    await expect(folder.serve('file later example.test {\n  reload 0s\n}')).rejects.toThrow(
      `plugin/file: ${folder.path('later')} does not exist`,
    );
  });

  it('is served on through a reload of the Corefile, since it belongs to the process', async () => {
    const shared = new SharedThings();
    const releases: (() => void)[] = [];
    const host = makeHost({
      shared: (kind, key, create) => {
        const { thing, release } = shared.hold(kind, key, create);
        releases.push(release);
        return thing;
      },
    });
    folder.write('db', zone(1, '192.0.2.1'));
    const first = await folder.serve('file db example.test {\n  reload 20ms\n}', { host });
    folder.write('db', 'this is no zone\n');
    await line(first, 'its last good content stays');
    const second = await folder.serve('file db example.test {\n  reload 20ms\n}', { host });
    releases.shift()?.();
    first.close();
    expect(addressOf(second)).toBe('192.0.2.1');
    folder.write('db', zone(2, '192.0.2.2'));
    await until(second, '192.0.2.2');
    for (const release of releases) release();
  });
});

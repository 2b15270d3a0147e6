/** Zones of `file`, transferred: the whole of the file, and a change of it told to Knot DNS as a secondary. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataOf, until } from '../../e2e/ask.ts';
import { describeWith } from '../../e2e/needs.ts';
import { makeFolder, tcp } from '../../server/running.ts';
import { lacking } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { startSecondary } from '../../support/knot.ts';
import { isSoa, receiveZone, serveZone, serialOf, transferQuestion } from './zones.ts';

function zoneText(serial: number, address: string): string {
  return `$ORIGIN example.org.
$TTL 300
@ SOA ns hostmaster ${serial} 7200 1800 86400 60
@ NS ns
ns A 192.0.2.53
www A ${address}
*.wild TXT "any"
sub NS ns.sub
ns.sub A 192.0.2.54
`;
}

/** A folder with the zone file in it, and the line that serves it. */
function makeZone(): { readonly path: string; readonly line: string } {
  const path = join(makeFolder(), 'example.org');
  writeFileSync(path, zoneText(1, '192.0.2.1'));
  return { path, line: `file ${path} example.org {\nreload 1s\n}` };
}

it('a transfer has every record of the file, delegations and glue too', async () => {
  const { line } = makeZone();
  const { port } = await serveZone(`transfer {\nto *\n}\n${line}`);
  const client = await tcp(port);
  client.send(transferQuestion({ name: 'example.org' }));
  const { records } = await receiveZone(client);
  expect(serialOf(records[0])).toBe(1);
  expect(records.at(-1)).toEqual(records[0]);
  const inside = records.filter((record) => !isSoa(record)).map(({ name, type }) => `${name} ${type}`);
  expect(inside.toSorted()).toEqual([
    '*.wild.example.org TXT',
    'example.org NS',
    'ns.example.org A',
    'ns.sub.example.org A',
    'sub.example.org NS',
    'www.example.org A',
  ]);
});

it('a transfer has every name in its own case, whatever other names of the message look like (RFC 5936 §3.4)', async () => {
  const path = join(makeFolder(), 'example.org');
  const lines = ['s SRV 0 0 80 www', 'c CNAME WWW', 'p PTR kept', 'Kept A 192.0.2.1', 'WWW A 192.0.2.2'];
  writeFileSync(path, `$TTL 60\n@ SOA NS x 1 60 60 60 60\n@ NS Ns\n${lines.join('\n')}\n`);
  const { port } = await serveZone(`transfer {\nto *\n}\nfile ${path} Example.org`);
  const client = await tcp(port);
  client.send(transferQuestion({ name: 'EXAMPLE.org' }));
  const { records } = await receiveZone(client);
  expect(records.map(({ name, type }) => `${name} ${type}`)).toEqual(
    expect.arrayContaining(['Kept.example.org A', 'WWW.example.org A']),
  );
  const data = records.map((record) => ('data' in record ? record.data : undefined));
  expect(data).toEqual(expect.arrayContaining(['Ns.example.org', 'WWW.example.org', 'kept.example.org']));
  expect(data).toContainEqual(expect.objectContaining({ target: 'www.example.org' }));
});

describeWith('knotd', lacking('knotd'), () => {
  it('has the zone of the file, and what changes in it', async () => {
    const { path, line } = makeZone();
    const port = await freePort();
    const serving = await serveZone(`transfer {\nto 127.0.0.1:${port}\n}\n${line}`);
    await startSecondary({ zone: 'example.org', port, primary: serving.port });
    const question = { type: 'A' as const, name: 'www.example.org' };
    await until(port, question, (decoded) => dataOf(decoded).includes('192.0.2.1'), 15_000);
    writeFileSync(`${path}.new`, zoneText(2, '192.0.2.2'));
    renameSync(`${path}.new`, path);
    await until(port, question, (decoded) => dataOf(decoded).includes('192.0.2.2'), 15_000);
  }, 45_000);
});

/** Findings in other servers that concern zone files: no text makes the reader throw, hang or serve what it should not. */
import { writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import { loadZone } from '../../../src/plugins/file/load.ts';
import { ask, makeQuery, textOf } from '../support.ts';
import { EVERYTHING, useFolder } from './zones.ts';

const folder = useFolder();
const ORIGIN = Name.fromText('example.test.');
const QUESTIONS = [
  'example.test.',
  'www.example.test.',
  'x.star.example.test.',
  '*.example.test.',
  'a.b.c.example.test.',
];

/** Reads a text as a zone. What is wrong in it must be said with a place in it; what is right must answer. */
async function read(octets: Buffer): Promise<void> {
  const path = folder.path('db');
  writeFileSync(path, octets);
  const { outcome } = await loadZone({ path, name: ORIGIN, knownSerial: undefined });
  if (outcome.kind === 'zone') {
    for (const name of QUESTIONS) outcome.zone.find(Name.fromText(name));
    expect([...outcome.zone.records()].length).toBeGreaterThanOrEqual(0);
    return;
  }
  // Anything else would be an exception that nobody had thought of.
  expect(outcome).toMatchObject({ kind: 'trouble', trouble: { kind: 'wrong' } });
}

const PIECES = [
  '$ORIGIN ',
  '$TTL ',
  '$INCLUDE ',
  '$GENERATE 1-3 ',
  '(',
  ')',
  '"',
  '\\',
  '\\#',
  ';',
  '\n',
  '\r\n',
  '\t',
  '@',
  '*',
  '.',
  '\\000',
  '\\999',
  '\\',
  ' 0 ',
  ' 65536 ',
  ' 4294967296 ',
  '${',
  '}',
  '-',
  ',',
  '=',
  '::',
  '192.0.2.1',
  'x',
  'IN',
  'ANY',
  ...Object.keys(Type).map((type) => ` ${type} `),
];
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);

describe('CVE-2018-17419: a record that the parser did not expect ended the server', () => {
  it('CVE-2018-17419: no mixture of what stands in zone files is more than an error with its place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), (pieces) =>
        read(Buffer.from(`@ 60 SOA ns h 1 2 3 4 5\n${pieces.join('')}`, 'utf8')),
      ),
      { numRuns: 400 },
    );
  }, 60_000);

  it('CVE-2018-17419: nor is a zone file with octets changed, left out or put in', async () => {
    const change = fc.record({ at: fc.nat(), length: fc.nat({ max: 12 }), octets: fc.uint8Array({ maxLength: 6 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        let octets = Buffer.from(EVERYTHING);
        for (const { at, length, octets: put } of changes) {
          const from = at % octets.length;
          octets = Buffer.concat([octets.subarray(0, from), put, octets.subarray(from + length)]);
        }
        return read(octets);
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  it('CVE-2018-17419: nor is every type with every few words behind it', async () => {
    const words = [
      '',
      '1',
      '1 2',
      '1 2 3',
      '1 2 3 4 5 6 7 8 9',
      'x',
      '"x" "y"',
      '\\# 0',
      '\\# 1 00',
      '\\# 2 0000',
      '-',
      'x y z',
      '@ @',
    ];
    for (const type of [...Object.keys(Type), 'TYPE0', 'TYPE65535']) {
      for (const data of words) {
        // oxlint-disable-next-line no-await-in-loop -- one file after another
        await read(Buffer.from(`@ 60 SOA ns h 1 2 3 4 5\na ${type} ${data}\n`));
      }
    }
  }, 60_000);
});

describe('CVE-2025-58063: something else was taken for a TTL', () => {
  it('CVE-2025-58063: a TTL is what the file says, within 31 bits (RFC 2181 §8), and that of what is missing the SOA’s minimum', async () => {
    const service = await folder.zone(
      '@ 2147483647 SOA ns h 4294967295 2 3 4 60\na 2147483647 A 192.0.2.1\n4294967 A 192.0.2.2\n',
    );
    const look = (name: string): unknown => textOf(ask(service.plugin, makeQuery(name, 'A')));
    expect(look('a.example.test.')).toMatchObject({ answers: ['a.example.test. 2147483647 IN A 192.0.2.1'] });
    expect(look('4294967.example.test.')).toMatchObject({
      answers: ['4294967.example.test. 2147483647 IN A 192.0.2.2'],
    });
    expect(look('x.example.test.')).toMatchObject({ authority: [expect.stringMatching(/^example\.test\. 60 IN SOA/)] });
    for (const ttl of ['2147483648', '4294967295', '99999999999', '3551w']) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(folder.zone(`@ 60 SOA ns h 1 2 3 4 5\na ${ttl} A 192.0.2.1\n`), ttl).rejects.toThrow('db:2:3: ');
    }
  });
});

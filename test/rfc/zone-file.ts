/** A server for the tests of a file that has one zone, out of a zone file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataRecord } from 'dns-packet';
import { afterAll } from 'vitest';
import { type Asking, type Reply, serving } from './asking.ts';

/** @param blocks further blocks of the Corefile */
export function servingZone(zone: string, text: string, blocks = ''): Asking {
  const folder = mkdtempSync(join(tmpdir(), 'rfc-zone-'));
  writeFileSync(join(folder, 'db'), text);
  // The server is closed before: hooks run in reverse.
  afterAll(() => rmSync(folder, { recursive: true }));
  return serving({ corefile: `${zone} {\n  file ${join(folder, 'db')}\n}\n${blocks}`, manifests: '' });
}

/** The answer section as `NAME TYPE DATA`. */
export function answersOf({ packet }: Reply): readonly string[] {
  return packet.answers.flatMap((record) => (record.type === 'OPT' ? [] : textOf(record)));
}

function textOf({ name, type, data }: DataRecord): string {
  const plain = Array.isArray(data)
    ? data.map(String).join(' ')
    : typeof data === 'string'
      ? data
      : JSON.stringify(data);
  return `${name} ${type} ${plain}`;
}

/** Transfers over TLS (RFC 9103), which are as those over TCP, and over HTTPS, which are none. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { commands, describeWith } from '../../e2e/needs.ts';
import { askEncrypted, serveEncrypted } from './encrypted.ts';
import { ZONE, isSoa, transferQuestion } from './zones.ts';

const ENDPOINTS = 3000;
const run = promisify(execFile);

describeWith('kdig +tls', commands('kdig'), () => {
  it('AXFR gives the whole zone', async () => {
    const port = await serveEncrypted('tls', ENDPOINTS);
    const { stdout } = await run('kdig', ['+tls', '@127.0.0.1', '-p', String(port), ZONE, 'AXFR'], {
      maxBuffer: 1 << 26,
    });
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
    expect(lines).toHaveLength(4 * ENDPOINTS + 9);
    expect(lines.at(-1)).toBe(lines[0]);
  });
});

describe('over HTTPS', () => {
  it('there is one message for a question: a transfer is refused', async () => {
    const port = await serveEncrypted('https', 2);
    const axfr = packet.decode(await askEncrypted('https', port, transferQuestion()));
    expect(axfr).toMatchObject({ rcode: 'REFUSED', answers: [] });
    const old = packet.decode(await askEncrypted('https', port, transferQuestion({ type: 'IXFR', serial: 1 })));
    expect(old).toMatchObject({ rcode: 'REFUSED', answers: [] });
    const newer = transferQuestion({ type: 'IXFR', serial: 0x7fff_ffff });
    expect(packet.decode(await askEncrypted('https', port, newer)).answers.map(isSoa)).toEqual([true]);
  });
});

/** Real clients of zone transfers: dig, kdig, and Knot DNS as a secondary that is told of changes. */
import { renameSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { dataOf, until } from '../../e2e/ask.ts';
import { commands, describeWith } from '../../e2e/needs.ts';
import { lacking } from '../../support/daemon.ts';
import { freePort } from '../../support/free-port.ts';
import { startSecondary } from '../../support/knot.ts';
import { type Serving, TRANSFERRED, ZONE, manifestsWith, serveZone } from './zones.ts';

const run = promisify(execFile);

/** Records that a client printed, with single spaces. */
async function printed(command: string, serving: Serving, ...words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run(command, ['@127.0.0.1', '-p', String(serving.port), ...words], { maxBuffer: 1 << 26 });
  const lines = stdout.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '' && !line.startsWith(';'));
}

/** 3,000 endpoints: two addresses and two SRV records each. */
const ENDPOINTS = 3000;
/** SOA twice, NS, its address, dns-version; three records of web, one of docs. */
const OTHERS = 9;

describeWith('dig', commands('dig'), () => {
  it('AXFR gives the whole zone, in several messages', async () => {
    const serving = await serveZone(TRANSFERRED, { manifests: manifestsWith(ENDPOINTS) });
    const lines = await printed('dig', serving, ZONE, 'AXFR');
    expect(lines).toHaveLength(4 * ENDPOINTS + OTHERS);
    expect(lines.at(-1)).toBe(lines[0]);
    expect(lines).toContain('web.shop.svc.cluster.local. 5 IN A 10.96.0.10');
  });

  it('IXFR gives the SOA alone for the serial that there is, and else the whole zone', async () => {
    const serving = await serveZone(TRANSFERRED, { manifests: manifestsWith(2) });
    const whole = await printed('dig', serving, ZONE, 'IXFR=1');
    expect(whole).toHaveLength(4 * 2 + OTHERS);
    const [soa = ''] = whole;
    const serial = soa.split(' ')[6] ?? '';
    expect(await printed('dig', serving, ZONE, `IXFR=${serial}`)).toEqual([soa]);
    // Over UDP the answer says that there is another serial, and no more.
    expect(await printed('dig', serving, ZONE, 'IXFR=1', '+notcp')).toEqual([soa]);
  });
});

describeWith('kdig', commands('kdig'), () => {
  it('AXFR gives the same', async () => {
    const serving = await serveZone(TRANSFERRED, { manifests: manifestsWith(ENDPOINTS) });
    expect(await printed('kdig', serving, ZONE, 'AXFR')).toHaveLength(4 * ENDPOINTS + OTHERS);
  });
});

describeWith('knotd', lacking('knotd'), () => {
  it('transfers the zone of the cluster, is told of a change, and has it', async () => {
    const port = await freePort();
    const serving = await serveZone(`transfer {\nto 127.0.0.1:${port}\n}\nkubernetes ${ZONE}`, {
      manifests: manifestsWith(ENDPOINTS),
    });
    const said = await startSecondary({ zone: ZONE, port, primary: serving.port });
    const asks = async (name: string, wanted: (data: readonly string[]) => boolean): Promise<void> => {
      const question = { type: 'A' as const, name: `${name}.shop.svc.${ZONE}` };
      try {
        await until(port, question, (decoded) => wanted(dataOf(decoded)), 15_000);
      } catch (error) {
        throw new Error(`${said()}\n${serving.log.lines.join('\n')}`, { cause: error });
      }
    };
    await asks('web', (data) => data.includes('10.96.0.10'));
    await asks('10-64-0-7.peers', (data) => data.includes('10.64.0.7'));
    const changed = join(serving.folder, 'changed.yaml');
    writeFileSync(changed, manifestsWith(ENDPOINTS).replace('10.96.0.10', '10.96.0.11'));
    renameSync(changed, join(serving.manifests, 'cluster.yaml'));
    await asks('web', (data) => data.includes('10.96.0.11'));
    // It may have all of it before the last of it is counted here.
    const counted = expect.poll(() => serving.rendered(), { timeout: 5_000 });
    await counted.toMatch(/nodens_transfer_notifies_total\{result="acknowledged",zone="cluster.local."\} [1-9]/);
    await counted.toMatch(/nodens_transfer_requests_total\{result="whole",zone="cluster.local."\} [2-9]/);
  }, 45_000);
});

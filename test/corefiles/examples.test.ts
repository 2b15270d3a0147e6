/**
 * One Corefile for each directive, as CoreDNS's manual pages use those that it has: `nodens check` has nothing to say about them. A
 * directive that is served and has none fails here.
 */
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseCommandLine } from '../../src/commands/arguments.ts';
import { check } from '../../src/commands/check.ts';
import { directives } from '../../src/plugins/order.ts';
import { createGeneration } from '../../src/server/generation.ts';
import { configure } from '../../src/server/server.ts';
import { openNetwork } from '../../src/transport/client/network.ts';
import { openUpstream } from '../support/upstreams/hostile.ts';
import { outside } from './cluster.ts';
import { makeFolder, prepare } from '../server/running.ts';

const examples = fileURLToPath(new URL('./examples/', import.meta.url));
const certificates = fileURLToPath(new URL('../support/upstreams/certificates/', import.meta.url));

/** What is said of examples that are not taken as CoreDNS takes them: what has no effect here, or is refused. */
const REMARKS: Readonly<Record<string, readonly string[]>> = {
  // Upstreams are asked for no identifiers: their replies are not handed on.
  rewrite: ['warning: option 3 is for the next hop alone'],
  // The page of CoreDNS forgets the final dot.
  view: ["warning: name() ends with a dot, and 'example.com' does not"],
  minimal: ["warning: no query comes as far as 'whoami': 'forward' answers all of them"],
  // A port would show what is in memory to the whole cluster.
  pprof: ["'pprof' needs the path of a socket"],
};

/** An example takes the name of a server from it. */
const environment = { HOSTNAME: 'ns1.engineering.coredns.io' };

const served = directives.map(({ name }) => name);
const written = readdirSync(examples).flatMap((file) => /^(.*)\.Corefile$/.exec(file)?.[1] ?? []);

/** A folder that holds the example and the files that it names. */
function placed(): string {
  const folder = makeFolder();
  cpSync(examples, folder, { recursive: true });
  for (const [to, from] of [
    ['cert.pem', 'server.pem'],
    ['key.pem', 'server.key'],
    ['ca.pem', 'authority.pem'],
    ['cacert.pem', 'authority.pem'],
  ] as const) {
    cpSync(join(certificates, from), join(folder, to));
    // A key that anybody may read is worth a warning.
    chmodSync(join(folder, to), 0o600);
  }
  return folder;
}

async function checked(name: string): Promise<{ readonly status: number; readonly lines: readonly string[] }> {
  vi.stubEnv('HOSTNAME', environment.HOSTNAME);
  const line = parseCommandLine(['check', '-conf', join(placed(), `${name}.Corefile`)]);
  if (!('flags' in line)) throw new Error('check is not understood');
  const lines: string[] = [];
  const status = await check(line.flags, (text) => lines.push(text));
  vi.unstubAllEnvs();
  return { status, lines };
}

/** Creates everything that the example asks for, short of opening sockets; resolves with the lines of the log. */
async function created(name: string): Promise<readonly string[]> {
  const { start, log } = prepare('');
  const network = openNetwork();
  onTestFinished(() => network.close());
  const upstream = await openUpstream({ behaviour: outside });
  onTestFinished(() => upstream.close());
  const path = join(placed(), `${name}.Corefile`);
  // The only server that is asked before there is a query.
  writeFileSync(path, readFileSync(path, 'utf8').replace('resolver 10.0.0.1', `resolver 127.0.0.1:${upstream.port}`));
  const source = { kind: 'file', path } as const;
  const { plan } = configure({ ...start, source, environment });
  const generation = await createGeneration(plan, { ...start.parts, network });
  generation.close();
  log.writer.flush();
  return log.lines;
}

describe('examples', () => {
  it.each(served)('%s: check has nothing else to say, and it can be created', async (name) => {
    expect(existsSync(join(examples, `${name}.Corefile`)), `examples/${name}.Corefile is missing`).toBe(true);
    expect(readFileSync(join(examples, `${name}.Corefile`), 'utf8')).toMatch(new RegExp(`^ *${name}\\b`, 'm'));
    const { status, lines } = await checked(name);
    const remarks = REMARKS[name] ?? [];
    expect(lines.filter((line) => !line.startsWith('nothing is wrong'))).toEqual(
      remarks.map((remark) => expect.stringContaining(remark)),
    );
    expect(status).toBe(remarks.every((remark) => remark.startsWith('warning: ')) ? 0 : 1);
    if (status === 0) expect(await created(name)).toEqual([]);
  });

  it.each(written.filter((name) => !served.includes(name)))('%s is not served, which check says', async (name) => {
    const { status, lines } = await checked(name);
    expect(lines.join('\n')).toContain(`'${name}'`);
    expect(status).toBe(1);
  });
});

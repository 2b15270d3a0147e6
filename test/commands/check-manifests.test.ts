/** The last line of `nodens check` and its exit status, where there is something to say of the manifests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { parseCommandLine } from '../../src/commands/arguments.ts';
import { makeFolder } from '../server/running.ts';

/** What is said of manifests in a folder: the exit status, and the lines without the folder's own name. */
async function checked(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly lines: readonly string[] }> {
  const folder = makeFolder();
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(manifests, name), text);
  writeFileSync(join(folder, 'Corefile'), '.:1053 {\n    kubernetes cluster.local\n}\n');
  const line = parseCommandLine(['check', '-conf', join(folder, 'Corefile'), '--fixture', manifests]);
  if (!('flags' in line)) throw new Error('check is not understood');
  const lines: string[] = [];
  const status = await check(line.flags, (text) => lines.push(text.replaceAll(`${manifests}/`, '')));
  return { status, lines };
}

const good =
  'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { selector: { app: a }, ports: [{ port: 80 }] }\n';
const summary = 'manifests: 1 Service in 1 namespace, from 1 file';

describe('check', () => {
  it('finds nothing wrong with files that are skipped', async () => {
    expect(await checked({ 'a.yaml': good, 'values.yaml': 'a: {{ b }}\n' })).toEqual({
      status: 0,
      lines: ['skipped, since not manifests: values.yaml', summary, 'nothing is wrong'],
    });
  });

  it('bug: nothing was wrong with a misspelt field', async () => {
    expect(await checked({ 'a.yaml': good.replace('selector', 'selctor') })).toEqual({
      status: 1,
      lines: [
        'a.yaml:4: Service default/a: "selctor" is not a field here; did you mean "selector"?',
        summary,
        '1 thing to look at in the manifests',
      ],
    });
  });

  it('bug: nothing was wrong with a misspelt kind', async () => {
    const { status, lines } = await checked({ 'a.yaml': `${good}---\n${good.replace('kind', 'kidn')}` });
    expect({ status, last: lines.at(-1) }).toEqual({ status: 1, last: '1 thing to look at in the manifests' });
  });

  it('bug: nothing was wrong with a template that is skipped', async () => {
    expect(await checked({ 'a.yaml': good, 't.yaml': good.replace('name: a', 'name: {{ .Values.x }}') })).toEqual({
      status: 1,
      lines: [
        'not served, since templates to be filled in first (helm template): t.yaml',
        summary,
        '1 thing to look at in the manifests',
      ],
    });
  });

  it('counts notes, and takes no offence at them', async () => {
    const text = good.replace('port: 80', 'port: 80, protocol: tcp').replace('v1', 'v2');
    const { status, lines } = await checked({ 'a.yaml': text });
    expect({ status, last: lines.at(-1) }).toEqual({ status: 0, last: '2 things to look at in the manifests' });
  });
});

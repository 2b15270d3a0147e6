/** `--snapshot PATH`: from the command line to what each `kubernetes` asks of its store. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Needs } from '../../src/cluster/stores.ts';
import { parseCommandLine } from '../../src/commands/arguments.ts';
import { chooseConfiguration } from '../../src/commands/configuration.ts';
import { helpText } from '../../src/commands/help.ts';
import { loadCorefile } from '../../src/corefile/corefile.ts';
import { Problems } from '../../src/corefile/problems.ts';
import { planServer } from '../../src/server/plan.ts';
import { makeHost } from '../plugins/support.ts';

function flagsOf(...args: readonly string[]) {
  const line = parseCommandLine(args);
  if (!('flags' in line)) throw new Error(JSON.stringify(line));
  return line.flags;
}

const chosenWith = (...args: readonly string[]) => chooseConfiguration(flagsOf('-conf', 'x', ...args), {});

/** The file that each use of `kubernetes` asks for. */
async function filesOf(text: string, ...args: readonly string[]): Promise<readonly (string | undefined)[]> {
  const problems = new Problems();
  const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '/etc/nodens' }, {}, problems);
  const { fixtures, snapshot } = chosenWith(...args);
  const options = { defaultPort: 53, bind: [], fixtures, snapshot, folder: '/etc/nodens' };
  const plan = corefile && planServer(corefile, options, problems);
  if (plan === undefined) throw new Error(problems.list.map(({ message }) => message).join('\n'));
  const needs: Needs[] = [];
  const acquire = (_: unknown, need: Needs): Promise<never> => {
    needs.push(need);
    return Promise.reject(new Error('seen'));
  };
  const host = makeHost({ stores: { acquire } });
  for (const { setup } of plan.blocks.flatMap((block) => block.plugins)) {
    // oxlint-disable-next-line no-await-in-loop -- one after another, as the server does
    await expect(Promise.resolve(setup.create(host))).rejects.toThrow('seen');
  }
  return needs.map(({ snapshot: of }) => of?.path);
}

const CLUSTERS = 'a.test {\nkubernetes\n}\nb.test {\nkubernetes {\nsnapshot own\n}\n}\n';

describe('--snapshot', () => {
  it.each([
    ['--snapshot', '/run/state'],
    ['-snapshot', '/run/state'],
    ['--snapshot=/run/state'],
    ['serve', '-snapshot=/run/state'],
    ['check', '-snapshot=/run/state'],
  ])('%s %s', (...args) => {
    expect(flagsOf(...args).snapshot).toBe('/run/state');
  });

  it('is left out where it is not given', () => {
    expect(flagsOf().snapshot).toBeUndefined();
    expect(chosenWith().snapshot).toBeUndefined();
  });

  it.each([[['-snapshot']], [['-snapshot=']]])('%j has no value', (args) => {
    expect(parseCommandLine(args)).toEqual({ command: 'wrong', message: "flag '-snapshot' needs a value" });
  });

  it('starts from the working directory, as every path of the command line', () => {
    expect(chosenWith('-snapshot', 'state').snapshot).toBe(resolve('state'));
  });

  it('is in the help', () => {
    expect(helpText).toContain('--snapshot PATH');
  });

  it('is for each kubernetes without a line of its own', async () => {
    expect(await filesOf(CLUSTERS, '-snapshot', '/run/state')).toEqual(['/run/state', '/etc/nodens/own']);
    expect(await filesOf(CLUSTERS)).toEqual([undefined, '/etc/nodens/own']);
  });

  it('is not used beside manifests', async () => {
    expect(await filesOf(CLUSTERS, '-snapshot', '/run/state', '--fixture', 'a.yaml')).toEqual([undefined, undefined]);
  });
});

/** What a check without a start says of the files that directives name. */
import { expect, it } from 'vitest';
import type { FileFault, PluginSetup } from '../../src/plugins/plugin.ts';
import { loadCorefile } from '../../src/corefile/corefile.ts';
import { Problems, renderProblem } from '../../src/corefile/problems.ts';
import { checkNamedFiles } from '../../src/server/named-files.ts';
import type { PlannedBlock } from '../../src/server/planned.ts';

const text = `a {
    file one a
    file two b {
        reload 0s
    }
    whoami
}
b {
    hosts three
}
`;

function block(faults: Readonly<Record<string, readonly FileFault[]>>): PlannedBlock {
  const setup = (name: string): PluginSetup => ({
    create: () => expect.unreachable('nothing is started'),
    ...(faults[name] === undefined ? {} : { check: () => Promise.resolve(faults[name] ?? []) }),
  });
  const plugins = ['whoami', 'file', 'hosts'].map((name) => ({ name, text: name, inChain: true, setup: setup(name) }));
  const settings = { bind: [], bindExcept: [], debug: false, reload: undefined, timeouts: undefined };
  return { served: [], plugins, settings, anyClass: false };
}

it('what is wrong with a file is told where its directive stands, as what it is', async () => {
  const problems = new Problems();
  const corefile = loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '.' }, {}, problems);
  if (corefile === undefined) expect.unreachable('it is a text');
  const blocks = [
    block({
      file: [
        { severity: 'error', message: 'two is bad', file: 'two' },
        { severity: 'warning', message: 'one is odd', file: 'one' },
        { severity: 'warning', message: 'some are odd' },
      ],
    }),
    block({ hosts: [{ severity: 'warning', message: 'three does not exist' }] }),
  ];
  await checkNamedFiles(corefile, { blocks, reload: undefined, debug: false, files: [] }, problems);
  expect(problems.list.map((problem) => renderProblem(problem).split('\n')[0])).toEqual([
    'Corefile:2:5: warning: one is odd',
    'Corefile:2:5: warning: some are odd',
    'Corefile:3:5: two is bad',
    'Corefile:9:5: warning: three does not exist',
  ]);
});

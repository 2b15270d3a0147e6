/** The files that a Corefile names beside itself, looked at without a start. */
import type { Corefile } from '../corefile/corefile.ts';
import type { Problems } from '../corefile/problems.ts';
import type { ServerPlan } from './planned.ts';

/** Reports what is wrong with files that plugins read when they are created, each at the directive that names it. */
export async function checkNamedFiles(corefile: Corefile, { blocks }: ServerPlan, problems: Problems): Promise<void> {
  for (const [i, source] of corefile.blocks.entries()) {
    for (const { name, setup } of blocks[i]?.plugins ?? []) {
      if (setup.check === undefined) continue;
      const uses = source.directives.filter((directive) => directive.name.text === name);
      // oxlint-disable-next-line no-await-in-loop -- one after another: they may be large
      for (const { severity, message, file } of await setup.check()) {
        const use = uses.find(({ args }) => args.some(({ text }) => text === file)) ?? uses[0];
        if (use !== undefined) problems[severity](use.name, message);
      }
    }
  }
}

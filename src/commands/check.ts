/**
 * `nodens check`: reads the Corefile, the files that it names, and the manifests, lists everything that is wrong, and serves
 * nothing.
 */
import { checkFixtures, renderReport, summaryText } from '../cluster/fixture/fixture.ts';
import { loadCorefile } from '../corefile/corefile.ts';
import { Problems, renderProblem } from '../corefile/problems.ts';
import { checkNamedFiles } from '../server/named-files.ts';
import { planServer } from '../server/plan.ts';
import { messageOf } from '../server/message-of.ts';
import { folderOf } from '../server/server.ts';
import type { Flags } from './arguments.ts';
import { DEFAULT_PORT, chooseConfiguration } from './configuration.ts';

/**
 * Resolves with the exit status: 0 where nothing is wrong, else 1. What is read but not served is wrong; hints and
 * warnings about a Corefile are not.
 */
export async function check(flags: Flags, print: (line: string) => void): Promise<number> {
  try {
    const { source, fixtures, snapshot, bind } = chooseConfiguration(flags, process.env);
    const problems = new Problems();
    const corefile = loadCorefile(source, process.env, problems);
    if (corefile !== undefined) {
      const plan = planServer(
        corefile,
        { defaultPort: flags.port ?? DEFAULT_PORT, bind, fixtures, snapshot, folder: folderOf(source) },
        problems,
      );
      if (plan !== undefined) await checkNamedFiles(corefile, plan, problems);
    }
    for (const problem of problems.list) print(renderProblem(problem));
    const manifests = fixtures.length === 0 ? undefined : await checkFixtures(fixtures);
    for (const report of manifests?.reports ?? []) print(renderReport(report));
    if (manifests !== undefined) print(`manifests: ${summaryText(manifests.summary)}`);
    const isClean = !problems.hasErrors && manifests?.isClean !== false;
    const toLookAt = manifests?.toLookAt ?? 0;
    if (toLookAt > 0) print(`${toLookAt} ${toLookAt === 1 ? 'thing' : 'things'} to look at in the manifests`);
    else if (isClean)
      print(problems.list.length === 0 ? 'nothing is wrong' : 'nothing is wrong besides what is said above');
    return isClean ? 0 : 1;
  } catch (error) {
    print(messageOf(error));
    return 1;
  }
}

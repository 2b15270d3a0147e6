/** `nodens check`: reads the Corefile and the manifests, lists everything that is wrong, and serves nothing. */
import { checkFixtures } from '../cluster/fixture/fixture.ts';
import { renderReport } from '../cluster/fixture/report.ts';
import { loadCorefile } from '../corefile/corefile.ts';
import { Problems, renderProblem } from '../corefile/problems.ts';
import { planServer } from '../server/plan.ts';
import { folderOf, messageOf } from '../server/server.ts';
import type { Flags } from './arguments.ts';
import { chooseConfiguration } from './configuration.ts';

/** Resolves with the exit status: 0 where nothing is wrong, warnings and hints aside; else 1. */
export async function check(flags: Flags, print: (line: string) => void): Promise<number> {
  try {
    const { source, fixtures, bind } = chooseConfiguration(flags, process.env);
    const problems = new Problems();
    const corefile = loadCorefile(source, process.env, problems);
    if (corefile !== undefined) {
      planServer(corefile, { defaultPort: flags.port ?? 53, bind, fixtures, folder: folderOf(source) }, problems);
    }
    for (const problem of problems.list) print(renderProblem(problem));
    const manifests = fixtures.length === 0 ? [] : (await checkFixtures(fixtures)).reports;
    for (const report of manifests) print(renderReport(report));
    const failed = problems.hasErrors || manifests.some((report) => report.severity === 'error');
    if (!failed) print('nothing is wrong');
    return failed ? 1 : 0;
  } catch (error) {
    print(messageOf(error));
    return 1;
  }
}

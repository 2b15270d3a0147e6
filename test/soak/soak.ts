/**
 * A soak as a command: `node test/soak/soak.ts --minutes N`. The program serves at full rate while clients are killed, garbage is
 * collected by force, and the Corefile is loaded again and again. Prints what was done and what was found wrong; exit status 1 where
 * something was, 2 where it cannot run here.
 *
 *     --minutes N      for how long; parts of one as well (10)
 *     --udp WAY        batch or dgram (batch)
 *     --program FILE   run in place of src/main.ts
 */
import { parseArgs } from 'node:util';
import { cleanUpAtExit, obstacle } from '../../bench/processes.ts';
import { entryPoint } from '../e2e/program.ts';
import { reportText, soak } from './campaign.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    udp: { type: 'string', default: 'batch' },
    program: { type: 'string', default: entryPoint },
  },
});

cleanUpAtExit();
process.exitCode = await run();

async function run(): Promise<number> {
  const minutes = Number(values.minutes);
  const why = obstacle({ dnsperf: 'dnsperf' }) ?? (minutes > 0 ? undefined : `no number of minutes: ${values.minutes}`);
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 2;
  }
  const report = await soak({
    seconds: minutes * 60,
    udp: values.udp,
    program: values.program,
    tell: (line) => void process.stdout.write(`${line}\n`),
  });
  process.stdout.write(reportText(report));
  return report.findings.length === 0 ? 0 : 1;
}

/** What a campaign has to say, for people. */
import type { Report } from './campaign.ts';

export function reportText(report: Report): string {
  const { findings, judged, load } = report;
  return [
    `seed ${report.seed}, ${report.seconds.toFixed(1)} s, ${report.changes} changes of objects`,
    ...[...findings.done].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `  ${count} × ${name}`),
    `${load.answered} answers to ${load.sent} questions, ${load.lost} lost, longest silence ${Math.round(load.silence)} ms`,
    `  ${load.stale} from a snapshot, ${load.failures} SERVFAIL, ${load.noNames} NXDOMAIN`,
    `${judged.compared} compared, ${percent(judged.single, judged.compared)} of them with one version that may be`,
    `everything delivered ${(report.recovery / 1000).toFixed(1)} s after the last trouble`,
    findings.count === 0 ? 'nothing wrong' : `${findings.count} WRONG (${faultsText(report)}), of which the first:`,
    ...findings.violations,
    ...(findings.standing === undefined ? [] : ['when the first was found:', findings.standing]),
    '',
  ].join('\n');
}

function faultsText({ findings }: Report): string {
  return [...findings.faults].map(([fault, count]) => `${fault} ${count}`).join(', ');
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

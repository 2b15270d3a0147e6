/**
 * The fuzzer as a command: `node test/fuzz/fuzz.ts --seconds N --packets N --seed S`. Prints what it did; exit status 1 and
 * the packets concerned where something was wrong. Without `--seed` it takes one and says which.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './campaign.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    packets: { type: 'string' },
    seed: { type: 'string' },
    silence: { type: 'string', default: '100' },
    growth: { type: 'string', default: '32' },
  },
});

function number(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value >= 0)) throw new RangeError(`not a number: ${text}`);
  return value;
}

const report = await fuzz({
  seed: number(values.seed, Date.now() % 1_000_000),
  // Where neither is given, a minute.
  seconds: number(values.seconds, values.packets === undefined ? 60 : Infinity),
  packets: number(values.packets, Infinity),
  longestSilence: number(values.silence, 0),
  growth: number(values.growth, 0),
});

const { packets, sent, replies, seconds, memory, prober } = report;
process.stdout.write(
  [
    `seed ${report.seed}`,
    `${packets} packets (${sent.udp} over UDP, ${sent.tcp} over TCP) in ${seconds.toFixed(1)} s: ${Math.round(packets / seconds)} a second`,
    `${replies} replies`,
    `${prober.answered} of ${prober.asked} control queries answered, longest silence ${Math.round(prober.longestSilence)} ms`,
    memory === undefined ? 'resident memory unknown' : `resident memory ${memory.before} MiB, then ${memory.after} MiB`,
    ...(report.complaints.length === 0 ? ['nothing wrong'] : report.complaints),
    '',
  ].join('\n'),
);
process.exitCode = report.complaints.length === 0 ? 0 : 1;

/** What the process tells about itself. */
import { closeSync, openSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { LogWriter } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { observeLog, observeProcess } from '../../src/telemetry/process-metrics.ts';

function observed(): { readonly metrics: Metrics; readonly withdraw: () => void } {
  const metrics = new Metrics();
  const withdraw = observeProcess(metrics, '1.2.3');
  onTestFinished(withdraw);
  return { metrics, withdraw };
}

/** The value of a metric without labels, or with exactly these, in what was scraped. */
function valueIn(text: string, series: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? NaN : Number(line.split(' ')[1]);
}

/** The same in a scrape made for it. */
function valueOf(metrics: Metrics, series: string): number {
  return valueIn(metrics.render(), series);
}

/** Keeps the event loop busy. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Resolves when the event loop has turned for so long. */
const idle = (milliseconds: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, milliseconds));

describe('the process', () => {
  it('says which build it is', () => {
    const { metrics } = observed();
    expect(metrics.render()).toContain(
      `\ncoredns_build_info{goversion="${process.version}",revision="",version="1.2.3"} 1\n`,
    );
  });

  it('tells time and memory', () => {
    const { metrics } = observed();
    const before = valueOf(metrics, 'process_cpu_seconds_total');
    block(30);
    expect(valueOf(metrics, 'process_cpu_seconds_total')).toBeGreaterThan(before + 0.01);
    const now = Date.now() / 1000;
    expect(valueOf(metrics, 'process_start_time_seconds')).toBeGreaterThan(now - 3600);
    expect(valueOf(metrics, 'process_start_time_seconds')).toBeLessThan(now);
    const used = valueOf(metrics, 'nodejs_heap_size_used_bytes');
    expect(used).toBeGreaterThan(1e6);
    expect(valueOf(metrics, 'nodejs_heap_size_total_bytes')).toBeGreaterThan(used / 2);
    expect(valueOf(metrics, 'nodejs_external_memory_bytes')).toBeGreaterThan(0);
    expect(valueOf(metrics, 'process_resident_memory_bytes')).toBeGreaterThan(used);
    expect(metrics.render()).toContain('# TYPE process_cpu_seconds_total counter');
  });

  it.runIf(process.platform === 'linux')('tells files and address space where the system does', () => {
    const { metrics } = observed();
    const open = valueOf(metrics, 'process_open_fds');
    const files = Array.from({ length: 5 }, () => openSync('/dev/null', 'r'));
    expect(valueOf(metrics, 'process_open_fds')).toBe(open + 5);
    for (const file of files) closeSync(file);
    expect(valueOf(metrics, 'process_max_fds')).toBeGreaterThan(open);
    expect(valueOf(metrics, 'process_virtual_memory_bytes')).toBeGreaterThan(
      valueOf(metrics, 'process_resident_memory_bytes'),
    );
  });

  it('tells how late the event loop was and how much it worked, since the last scrape', async () => {
    const { metrics } = observed();
    expect(valueIn(metrics.render(), 'nodens_event_loop_delay_seconds{quantile="1"}')).toBe(0);
    await idle(200);
    block(250);
    await idle(200);
    const busy = metrics.render();
    const worst = valueIn(busy, 'nodens_event_loop_delay_seconds{quantile="1"}');
    expect(worst).toBeGreaterThan(0.15);
    expect(worst).toBeLessThan(2);
    const median = valueIn(busy, 'nodens_event_loop_delay_seconds{quantile="0.5"}');
    expect(median).toBeGreaterThanOrEqual(0);
    expect(median).toBeLessThan(worst);
    expect(valueIn(busy, 'nodens_event_loop_delay_seconds{quantile="0.99"}')).toBeLessThanOrEqual(worst);
    const work = valueIn(busy, 'nodens_event_loop_utilization');
    expect(work).toBeGreaterThan(0.3);
    await idle(250);
    const calm = metrics.render();
    expect(valueIn(calm, 'nodens_event_loop_delay_seconds{quantile="1"}')).toBeLessThan(worst);
    expect(valueIn(calm, 'nodens_event_loop_utilization')).toBeLessThan(work);
  });

  it('can be taken out again', () => {
    const { metrics, withdraw } = observed();
    withdraw();
    expect(metrics.render()).toBe(new Metrics().render());
  });
});

describe('the log', () => {
  it('tells how many lines it has dropped since the start', () => {
    const metrics = new Metrics();
    const log = new LogWriter({ write: () => true, drained: () => undefined });
    const withdraw = observeLog(metrics, log);
    expect(valueOf(metrics, 'nodens_log_lines_dropped_total')).toBe(0);
    for (let round = 1; round <= 2; round++) {
      log.write(`${'x'.repeat(bounds.logWaiting - 1)}\n`);
      log.write('one too many\n');
      log.flush();
      expect(valueOf(metrics, 'nodens_log_lines_dropped_total')).toBe(round);
    }
    withdraw();
    expect(valueOf(metrics, 'nodens_log_lines_dropped_total')).toBeNaN();
  });
});

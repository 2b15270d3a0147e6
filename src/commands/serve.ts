/**
 * `nodens [serve]`: serves until a signal ends it.
 *
 *     SIGTERM  clean stop: lame duck, answers in flight        SIGINT  stops at once, a clean stop too
 *     SIGUSR1  reloads the Corefile, unless it is stopping     SIGHUP  ignored
 */
import { FactCounters } from '../cluster/facts.ts';
import type { FixtureSummary } from '../cluster/fixture/fixture.ts';
import { renderReport, summaryText } from '../cluster/fixture/report.ts';
import { ClusterStores } from '../cluster/stores.ts';
import type { WatchStatus } from '../cluster/watch/watch.ts';
import type { Clock } from '../plugins/plugin.ts';
import { openAnswerCache } from '../server/answer-cache/answer-cache.ts';
import { SharedThings } from '../server/shared-things.ts';
import { giveBackMemory } from '../native/given-back.ts';
import { type ClientNetwork, openNetwork } from '../transport/client/network.ts';
import { type UdpKind, chooseUdp, chosenSockets, chosenUdp } from '../transport/udp-transport.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { observeLog, observeProcess } from '../telemetry/process-metrics.ts';
import { version } from '../version.ts';
import { countWatches, observeWatches } from '../server/cluster-counts.ts';
import { OwnAddresses } from '../server/own-addresses.ts';
import { messageOf } from '../server/message-of.ts';
import { Server } from '../server/server.ts';
import { onReloadSignal } from '../signals.ts';
import { type Logger, LogWriter, streamSink } from '../telemetry/logger.ts';
import type { Flags } from './arguments.ts';
import { type ChosenConfiguration, DEFAULT_PORT, chooseConfiguration } from './configuration.ts';
import { checkPidfile, removePidfile, writePidfile } from './pidfile.ts';
import { startText } from './start-text.ts';

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Resolves with the exit status when the server has ended. */
export async function serve(flags: Flags): Promise<number> {
  const log = new LogWriter(streamSink(process.stdout));
  const fatal = Promise.withResolvers<string>();
  // It is tried out while everything else gets ready.
  const udp = chooseUdp(flags.udp, (line) => log.logger().warning(line));
  const network = openNetwork({ report: (message) => log.logger().error(message), udpSockets: chosenSockets(udp) });
  let server: Server | undefined;
  let chosen: ChosenConfiguration;
  try {
    chosen = chooseConfiguration(flags, process.env);
    checkPidfile(flags.pidfile);
    server = await start(chosen, flags, { log, network, udp, fatal: fatal.resolve });
    writePidfile(flags.pidfile);
  } catch (error) {
    await server?.close();
    network.close();
    log.flush();
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
  if (!flags.quiet) log.write(startText(server.zones, chosen, await udp));
  const status = await untilEnd(server, log, fatal.promise);
  network.close();
  removePidfile(flags.pidfile);
  log.flush();
  return status;
}

/** What the program has one of. */
interface Parts {
  readonly log: LogWriter;
  readonly network: ClientNetwork;
  readonly udp: Promise<UdpKind>;
  readonly fatal: (message: string) => void;
}

async function start(chosen: ChosenConfiguration, flags: Flags, { log, network, udp, fatal }: Parts): Promise<Server> {
  const facts = new FactCounters();
  const fixtureLog = log.logger('fixture: ');
  const metrics = new Metrics();
  const stores = new ClusterStores({
    facts,
    now: clock.now,
    report: (report) => fixtureLog[report.severity === 'hint' ? 'info' : report.severity](renderReport(report)),
    events: countWatches(metrics, log),
    userAgent: `nodens/${version} (${process.platform}/${process.arch})`,
  });
  observeWatches(metrics, () => stores.watches, clock.now);
  observeProcess(metrics, version);
  observeLog(metrics, log);
  observeNetwork(metrics, network);
  const server = await Server.start({
    source: chosen.source,
    environment: process.env,
    plan: {
      defaultPort: flags.port ?? DEFAULT_PORT,
      bind: chosen.bind,
      fixtures: chosen.fixtures,
      snapshot: chosen.snapshot,
    },
    parts: {
      facts,
      stores,
      clock,
      log,
      ownAddresses: new OwnAddresses(facts),
      metrics,
      network,
      shared: new SharedThings(),
      answers: openAnswerCache(facts, clock, metrics),
      udp: chosenUdp(udp),
      fatal,
    },
  });
  if (chosen.remark !== undefined && !flags.quiet) log.logger().info(chosen.remark);
  if (chosen.fixtures.length > 0 && stores.summaries.length === 0) {
    fixtureLog.warning("no server block has 'kubernetes': the manifests of --fixture are not used");
  }
  if (!chosen.isExample) for (const summary of stores.summaries) tell(fixtureLog, summary, flags.quiet);
  giveBackMemory(() => stores.watches.every(isInStep));
  return server;
}

function isInStep({ resources }: WatchStatus): boolean {
  return resources.every(({ standing }) => standing === 'in-step');
}

/** What sockets to upstreams hold at the moment; both have a bound. */
function observeNetwork(metrics: Metrics, { usage }: ClientNetwork): void {
  metrics.collect('nodens_upstream_sockets', 'Sockets to upstreams that are open.', [], (set) => set(usage.sockets));
  metrics.collect(
    'nodens_upstream_octets',
    'Octets that wait to be sent to upstreams or to be read from them.',
    [],
    (set) => set(usage.octets),
  );
}

/** How much a source holds; that it holds nothing is seldom meant. */
function tell(log: Logger, summary: FixtureSummary, quiet: boolean): void {
  if (quiet) return;
  if (summary.services === 0) log.warning(`${summaryText(summary)}: nothing to answer for`);
  else log.info(summaryText(summary));
}

/** Resolves with the exit status when a signal has ended the server, or a plugin that found it to do harm. */
function untilEnd(server: Server, log: LogWriter, fatal: Promise<string>): Promise<number> {
  const logger = log.logger();
  return new Promise((resolve) => {
    const end = (text: string, action: () => Promise<void>): void => {
      logger.info(text);
      action().then(
        () => resolve(0),
        (error: unknown) => {
          logger.error(`the server did not stop cleanly: ${messageOf(error)}`);
          resolve(1);
        },
      );
    };
    const giveUp = async (): Promise<void> => {
      log.write(`[FATAL] ${await fatal}\n`);
      await server.close();
      resolve(1);
    };
    void giveUp();
    process.on('SIGHUP', () => undefined);
    // A process manager and npm may both send it: the second one finds the stop under way, and does not cut it short.
    let stopping = false;
    process.on('SIGTERM', () => {
      if (!stopping) end('SIGTERM: Shutting down servers then terminating', () => server.stop());
      stopping = true;
    });
    process.once('SIGINT', () => end('SIGINT: Shutting down', () => server.close()));
    onReloadSignal(() => {
      if (stopping) {
        logger.info('SIGUSR1: not reloaded, the server is stopping');
        return;
      }
      logger.info('SIGUSR1: Reloading');
      void server.reload();
    });
  });
}

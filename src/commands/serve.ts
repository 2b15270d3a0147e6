/**
 * `nodens [serve]`: serves until a signal ends it.
 *
 *     SIGTERM  clean stop: answers in flight leave first      SIGINT  stops at once
 *     SIGUSR1  reloads the Corefile                            SIGHUP  ignored
 */
import { rmSync, writeFileSync } from 'node:fs';
import { FactCounters } from '../cluster/facts.ts';
import { renderReport } from '../cluster/fixture/report.ts';
import { ClusterStores } from '../cluster/stores.ts';
import type { Clock } from '../plugins/plugin.ts';
import { OwnAddresses } from '../server/own-addresses.ts';
import { Server, messageOf } from '../server/server.ts';
import { onReloadSignal } from '../signals.ts';
import { LogWriter, streamSink } from '../telemetry/logger.ts';
import type { Flags } from './arguments.ts';
import { type ChosenConfiguration, chooseConfiguration } from './configuration.ts';
import { startText } from './start-text.ts';

const DEFAULT_PORT = 53;

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Resolves with the exit status when the server has ended. */
export async function serve(flags: Flags): Promise<number> {
  const log = new LogWriter(streamSink(process.stdout));
  let server: Server;
  let chosen: ChosenConfiguration;
  try {
    chosen = chooseConfiguration(flags, process.env);
    server = await start(chosen, flags, log);
    if (flags.pidfile !== undefined) writeFileSync(flags.pidfile, `${process.pid}\n`);
  } catch (error) {
    log.flush();
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
  if (!flags.quiet) log.write(startText(server.zones, chosen));
  const status = await untilSignal(server, log);
  if (flags.pidfile !== undefined) rmSync(flags.pidfile, { force: true });
  log.flush();
  return status;
}

async function start(chosen: ChosenConfiguration, flags: Flags, log: LogWriter): Promise<Server> {
  const facts = new FactCounters();
  const fixtureLog = log.logger('fixture: ');
  const stores = new ClusterStores(facts, clock.now, (report) => {
    const text = renderReport(report);
    if (report.severity === 'error') fixtureLog.error(text);
    else if (report.severity === 'warning') fixtureLog.warning(text);
    else fixtureLog.info(text);
  });
  return Server.start({
    source: chosen.source,
    environment: process.env,
    plan: { defaultPort: flags.port ?? DEFAULT_PORT, bind: chosen.bind, fixtures: chosen.fixtures },
    parts: { facts, stores, clock, log, ownAddresses: new OwnAddresses(facts) },
  });
}

function untilSignal(server: Server, log: LogWriter): Promise<number> {
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
    process.on('SIGHUP', () => undefined);
    process.once('SIGTERM', () => end('SIGTERM: Shutting down servers then terminating', () => server.stop()));
    process.once('SIGINT', () => end('SIGINT: Shutting down', () => server.close()));
    onReloadSignal(() => {
      logger.info('SIGUSR1: Reloading');
      void server.reload();
    });
  });
}

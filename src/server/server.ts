/**
 * server/: from a Corefile to a server that runs, and its life: start, reload, stop. What enters here decides which block
 * gets a query, walks its chain, and keeps sockets and generations apart; it knows no records and no Kubernetes.
 *
 *     Corefile ─► plan ─► generation { routers, chains } ─► handlers ─► listeners (sockets)
 *                            ▲                                             │
 *                     reload: the next one beside it,              octets ─► responder ─► router ─► chain
 *                     swapped in one tick
 */
import { createHash } from 'node:crypto';
import { bounds } from '../bounds.ts';
import { type Corefile, type CorefileSource, loadCorefile } from '../corefile/corefile.ts';
import { type Problem, Problems, renderForLog, renderProblem } from '../corefile/problems.ts';
import { readSmallFile } from '../plugins/small-file.ts';
import type { ReadFile } from '../plugins/plugin.ts';
import type { Logger } from '../telemetry/logger.ts';
import { FileWatch } from './file-watch.ts';
import { type Generation, type ProcessParts, createGeneration } from './generation.ts';
import type { HttpListeners } from './http-listeners.ts';
import { listenKey } from './listen-address.ts';
import { type ListenerPair, type Listeners, stopPair } from './listeners.ts';
import { messageOf } from './message-of.ts';
import { type PlanOptions, planServer } from './plan.ts';
import type { ServerPlan } from './planned.ts';
import { ServerCounts } from './server-counts.ts';
import { type Sockets, openSockets, prepare } from './sockets.ts';
import { stopCleanly } from './stopping.ts';

export interface ServerOptions {
  readonly source: CorefileSource;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly plan: Omit<PlanOptions, 'folder'>;
  readonly parts: ProcessParts;
}

/** What cannot be started or reloaded; the message is for a person, of one or more lines. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** A Corefile read and planned, and the warnings and notes about it. */
export interface Configuration {
  readonly corefile: Corefile;
  readonly plan: ServerPlan;
  readonly remarks: readonly Problem[];
}

/**
 * Reads and plans a Corefile.
 * @throws ConfigurationError with everything that is wrong
 */
export function configure(options: ServerOptions): Configuration {
  const problems = new Problems();
  const corefile = loadCorefile(options.source, options.environment, problems);
  const plan = corefile && planServer(corefile, { ...options.plan, folder: folderOf(options.source) }, problems);
  if (corefile === undefined || plan === undefined || problems.hasErrors) {
    throw new ConfigurationError(errorsFirst(problems.list).map(renderProblem).join('\n'));
  }
  return { corefile, plan, remarks: problems.list };
}

/** The first line is the one that is read, and in a log the one that says why a reload failed. */
function errorsFirst(problems: readonly Problem[]): readonly Problem[] {
  const isError = ({ severity }: Problem): boolean => severity === 'error';
  return [...problems.filter(isError), ...problems.filter((problem) => !isError(problem))];
}

function logRemarks({ remarks }: Configuration, log: Logger): void {
  for (const remark of remarks) {
    if (remark.severity === 'note') log.info(renderForLog(remark));
    else log.warning(renderForLog(remark));
  }
}

/** The folder that relative paths in a Corefile start from. */
export function folderOf(source: CorefileSource): string {
  return source.kind === 'text' ? source.folder : (/^(.*)\/[^/]*$/.exec(source.path)?.[1] ?? '.');
}

/** How often the machine's addresses are looked at, in milliseconds. */
const ADDRESS_INTERVAL = 10_000;

export class Server {
  readonly #options: ServerOptions;
  readonly #log: Logger;
  readonly #listeners: Listeners;
  readonly #http: HttpListeners;
  readonly #counts: ServerCounts;
  readonly #addressTimer: NodeJS.Timeout;
  #configuration: Configuration;
  #generation: Generation;
  #watch: FileWatch | undefined;
  /** Reloads run one after another. */
  #reloading: Promise<unknown> = Promise.resolve();
  /** Set as soon as the server is told to end: nothing is reloaded any more. */
  #ending = false;
  #stop: Promise<void> | undefined;
  #gone = false;
  /** Aborted by whoever will not wait for a stop. */
  readonly #cut = new AbortController();
  /** The content that was last tried, so that a broken file is reported once; undefined where it is worth another try. */
  #tried: string | undefined;

  private constructor(options: ServerOptions, configuration: Configuration, generation: Generation, sockets: Sockets) {
    this.#options = options;
    this.#log = options.parts.log.logger();
    this.#configuration = configuration;
    this.#generation = generation;
    this.#listeners = sockets.listeners;
    this.#http = sockets.http;
    this.#counts = new ServerCounts(
      options.parts.metrics,
      () => this.#listeners.pairs,
      (at) => this.#generation.served.get(listenKey(at))?.sheds === true,
    );
    this.#tried = contentIn(configuration);
    this.#addressTimer = setInterval(() => void this.refreshAddresses(), ADDRESS_INTERVAL).unref();
    this.#watchFiles();
  }

  /**
   * Starts to serve: when this resolves, all sockets are open.
   * @throws ConfigurationError, ListenError, or what a plugin could not be created for
   */
  static async start(options: ServerOptions): Promise<Server> {
    const configuration = configure(options);
    const { parts } = options;
    parts.log.debugging = configuration.plan.debug;
    logRemarks(configuration, parts.log.logger());
    const generation = await createGeneration(configuration.plan, parts);
    const sockets = openSockets(parts.log.logger(), parts.udp);
    try {
      const prepared = await prepare(sockets, generation, parts);
      prepared.swap();
      const server = new Server(options, configuration, generation, sockets);
      generation.inService();
      return server;
    } catch (error) {
      generation.close();
      sockets.http.close();
      await sockets.listeners.close();
      throw error;
    }
  }

  /** What is open now. */
  get listening(): readonly ListenerPair[] {
    return this.#listeners.pairs;
  }

  /** The zones that each open address serves, in presentation form, behind the scheme where it is not plain DNS. */
  get zones(): readonly { readonly zone: string; readonly address: string; readonly port: number }[] {
    return this.listening.flatMap((pair) => {
      const served = this.#generation.served.get(listenKey(pair.at));
      const port = pair.tcp.bound[0]?.port ?? pair.at.port;
      const { scheme, address } = pair.at;
      const prefix = scheme === 'dns' ? '' : `${scheme}://`;
      return (served?.routes ?? []).map(({ zone }) => ({ zone: `${prefix}${zone.toString()}`, address, port }));
    });
  }

  /** Reads the Corefile again and puts it in service; on any failure everything stays as it is. Resolves with success. */
  reload(): Promise<boolean> {
    const reloading = this.#reloading.then(() => this.#reload());
    this.#reloading = reloading;
    return reloading;
  }

  async #reload(): Promise<boolean> {
    if (this.#isEnding()) return false;
    this.#log.info('Reloading');
    let unwanted: readonly ListenerPair[];
    try {
      unwanted = await this.#replace();
    } catch (error) {
      if (this.#isEnding()) return false;
      this.#counts.reloadFailed();
      // One record for each line: what collects logs takes them apart there.
      const [first = '', ...further] = messageOf(error).split('\n');
      this.#log.error(`Reloading failed, what was served before goes on being served: ${first}`);
      for (const line of further) this.#log.error(line);
      // A port that is taken, an upstream whose name is not found: it may work at the next look, without a change.
      if (!(error instanceof ConfigurationError)) this.#tried = undefined;
      return false;
    }
    await Promise.all(unwanted.map((pair) => stopPair(pair, bounds.stopGrace)));
    await this.refreshAddresses();
    this.#log.info('Reloading complete');
    // What changed while the old watch was closed and the new one opened was seen by neither.
    if (this.#watch !== undefined) void this.#reloadIfChanged();
    return true;
  }

  /**
   * Builds what the Corefile says now beside what serves, and puts it in its place in one tick. Gives the sockets that
   * nobody wants any more.
   * @throws everything that keeps the new one from serving, or that the server has been stopped; nothing has changed then
   */
  async #replace(): Promise<readonly ListenerPair[]> {
    this.#tried = contentOf(this.#options, this.#configuration.plan.files);
    const { parts } = this.#options;
    const configuration = configure(this.#options);
    logRemarks(configuration, this.#log);
    const fatal = (text: string): void => this.#log.error(text);
    const generation = await createGeneration(configuration.plan, { ...parts, fatal, isReload: true });
    let unwanted: readonly ListenerPair[];
    try {
      const prepared = await prepare({ listeners: this.#listeners, http: this.#http }, generation, parts);
      if (this.#isEnding()) {
        prepared.undo();
        throw new Error('the server has been stopped');
      }
      unwanted = prepared.swap();
    } catch (error) {
      generation.close();
      throw error;
    }
    const before = this.#generation;
    this.#generation = generation;
    this.#configuration = configuration;
    this.#tried = contentIn(configuration);
    parts.log.debugging = configuration.plan.debug;
    this.#watchFiles();
    generation.inService();
    // Queries that are under way in it go on to their end.
    before.close();
    this.#counts.reloaded(configuration.corefile.fingerprint);
    return unwanted;
  }

  /** Looks at the machine's addresses now. Never rejects: what cannot be read stays as it was. */
  async refreshAddresses(): Promise<void> {
    try {
      this.#options.parts.ownAddresses.refresh();
      await this.#listeners.refresh();
    } catch (error) {
      // The system may have no file descriptor left to tell them; it will later.
      this.#log.warning(`the addresses of this machine cannot be read: ${messageOf(error)}`);
    }
  }

  /**
   * Stops cleanly: everything is answered for as long as plugins ask for, and on until nothing comes any more; after that no
   * more requests are taken, answers in flight leave, plugins write what they keep, and sockets and stores are closed.
   * Called again, it is the same stop.
   */
  stop(): Promise<void> {
    return (this.#stop ??= this.#stopCleanly());
  }

  async #stopCleanly(): Promise<void> {
    this.#end();
    const { signal } = this.#cut;
    const now = this.#options.parts.clock.monotonic;
    await stopCleanly({ generation: this.#generation, listeners: this.#listeners, log: this.#log, now, signal });
    if (!signal.aborted) this.#letGo();
  }

  /** Closes everything at once. */
  async close(): Promise<void> {
    this.#end();
    this.#cut.abort();
    this.#http.close();
    await this.#listeners.close();
    this.#letGo();
  }

  /** A call, since the answer may be another after every wait. */
  #isEnding(): boolean {
    return this.#ending;
  }

  /** From here on nothing is replaced. */
  #end(): void {
    this.#ending = true;
    this.#watch?.close();
  }

  #letGo(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearInterval(this.#addressTimer);
    this.#counts.close();
    this.#http.close();
    this.#generation.close();
  }

  /** Follows the files of the Corefile if it asks for that. */
  #watchFiles(): void {
    this.#watch?.close();
    this.#watch = undefined;
    const { corefile, plan } = this.#configuration;
    if (plan.reload === undefined || corefile.inputs.length === 0) return;
    const paths = [...corefile.inputs, ...plan.files.map(({ path }) => path)];
    this.#watch = new FileWatch(paths, plan.reload, () => void this.#reloadIfChanged());
  }

  /** A file was touched: only content that has not been tried yet is a reason to reload. */
  async #reloadIfChanged(): Promise<void> {
    await this.#reloading;
    if (this.#isEnding()) return;
    const content = contentOf(this.#options, this.#configuration.plan.files);
    if (content === this.#tried) return;
    // At once, so that of several calls that waited for the same reload one starts the next.
    this.#tried = content;
    await this.reload();
  }
}

/** What tells one state of the Corefile and the files that it names from another, broken ones included: as they are now. */
function contentOf(options: ServerOptions, files: readonly ReadFile[]): string {
  const problems = new Problems();
  const corefile = loadCorefile(options.source, options.environment, problems);
  const text =
    corefile === undefined || problems.hasErrors ? problems.list.map(renderProblem).join('\n') : corefile.fingerprint;
  return withFiles(
    text,
    files.map(({ path }) => textAt(path)),
  );
}

/** The same as they were when they were read. */
function contentIn({ corefile, plan }: Configuration): string {
  return withFiles(
    corefile.fingerprint,
    plan.files.map(({ text }) => text),
  );
}

function withFiles(corefile: string, files: readonly string[]): string {
  return JSON.stringify([corefile, ...files.map((text) => createHash('sha256').update(text).digest('hex'))]);
}

function textAt(path: string): string {
  const file = readSmallFile(path, bounds.certificateText);
  return file.kind === 'text' ? file.text : file.trouble;
}

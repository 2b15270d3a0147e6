/**
 * plugins/: one file or folder for each directive of a Corefile, named as the directive, its manual page beside it.
 * What enters here answers queries, or changes how they are answered; it is handed what it needs of sockets and life cycle.
 *
 *     Corefile ──configure──► PluginSetup ──create──► Plugin ──┐
 *              (all errors                (opens stores        ├─ chain: each plugin answers, or asks the next
 *               in one go)                 and files)          ┘
 *
 * `order.ts` lists all directives in the order in which they run, whatever the file's order is.
 */
import type { FactCounters } from '../cluster/facts.ts';
import type { ClusterSources } from '../cluster/stores.ts';
import type { Directive, Token } from '../corefile/corefile.ts';
import type { Problems } from '../corefile/problems.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Outcome } from './answer.ts';
import type { Neighbours } from './neighbours.ts';
import type { Endpoint, Network } from './network.ts';
import type { Query } from './query.ts';

/** The rest of the chain below a plugin. */
export interface Next {
  answer(query: Query): Outcome;
}

export interface Plugin {
  /** The directive's name. */
  readonly name: string;
  /**
   * Set where an answer that passed this plugin may be given to another client who asks the same with the same flags:
   * it depends on nothing but the question and the facts that were noted. Left out, it may not.
   */
  readonly replayable?: true;
  /** Answers, or gives what `next` answers, changed or not. Synchronous unless something must be waited for. */
  answer(query: Query, next: Next): Outcome;
}

/** The time. Tests put their own in place. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds from an arbitrary start, never going backwards, with fractions. */
  readonly monotonic: () => number;
}

/** The server block that a plugin is created for. */
export interface Block {
  /** Presentation form, lower case, with final dot. */
  readonly zones: readonly string[];
  /** The addresses that it is served at, as metrics call them: `dns://:53`. */
  readonly servers: readonly string[];
  /** Name of its `view`, for metrics; empty where it has none. */
  readonly view: string;
  /** The plugins of its chain from the top. */
  readonly plugins: readonly string[];
  /** The same for two blocks whose addresses, zones, view, and directives from this plugin's down are the same word for word. */
  fingerprintFrom(plugin: string): string;
}

/** Something that belongs to the process and is closed when nobody holds it any more. */
export interface Closable {
  close(): void;
}

/** The class of such a thing. */
export type Kind<T extends Closable> = abstract new (...args: never[]) => T;

/** What an HTTP request is answered with. */
export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Where HTTP is served; `*` for all addresses. */
export interface HttpAddress {
  readonly address: string;
  readonly port: number;
  /** The word of the Corefile that it comes from: itself, or a directive that was given none. */
  readonly from?: Token;
}

/** What the process gives a plugin when it is created. */
export interface Host {
  readonly facts: FactCounters;
  readonly stores: ClusterSources;
  readonly clock: Clock;
  /** The logger whose lines begin with `plugin/NAME: `, or with nothing where no name is given. */
  logger(plugin: string): Logger;
  /**
   * Addresses of this server, 4 or 16 octets each, as `ownAddressesFact` stands for them: those
   * that the block is bound to, else all of the machine but loopback.
   */
  ownAddresses(): readonly Uint8Array[];
  readonly metrics: Metrics;
  readonly network: Network;
  readonly block: Block;
  /** What the plugins of the block offer each other. */
  readonly neighbours: Neighbours;
  /**
   * A thing that outlives a reload: the one of this class that is known by the key, or a new one. It is held for as long as the
   * plugin is in service, and closed when no plugin of any generation holds it.
   */
  shared<T extends Closable>(kind: Kind<T>, key: string, create: () => T): T;
  /**
   * Answers GET and HEAD of a path from the moment on in which the plugin is put in service. Where two ask for the same
   * address and path, the last one answers. An address that cannot be had keeps the whole configuration from being used.
   */
  serveHttp(at: HttpAddress, path: string, answer: () => HttpReply): void;
  /** Set while the server is being reloaded: what is in service goes on unchanged where a plugin cannot be created. */
  readonly isReload?: true;
  /** Says that the server makes things worse by running. It ends with this message if it has just been started. */
  fatal(message: string): void;
  /** Names of the plugins in service, of all blocks, that are not ready; sorted, each once. */
  notReady(): readonly string[];
}

/** How the server is to stop; times in milliseconds from the signal. Where several plugins ask, the longest counts. */
export interface LameDuck {
  /** Everything is answered for this long, and on until nothing has come for a while. */
  readonly time: number;
  /** The whole stop ends within this, or as soon after `time` as queries in flight allow. */
  readonly within: number;
}

/** A plugin in service. */
export interface RunningPlugin {
  /** Undefined for what stands beside the chain. */
  readonly plugin?: Plugin;
  /** False for a query that the block does not take: it is asked before the chain. Left out, the block takes all of its zones. */
  readonly accepts?: (query: Query) => boolean;
  /** False while its answers would be wrong; left out where they never are. */
  ready?(): boolean;
  /** Called once, when it has been put in service and its sockets are open. */
  inService?(): void;
  /** Left out, the server stops at once when it is told to. */
  readonly lameDuck?: LameDuck;
  /** Called once when the server is told to stop. It goes on answering for as long as `lameDuck` says. */
  stopping?(): void;
  /**
   * Called once when the last answer has left: what must be written is written now. What has not resolved when the time of
   * the stop is over is not waited for.
   */
  stopped?(): Promise<void>;
  /** Gives back stores, files and timers. Queries may still be in flight. */
  close?(): void;
}

/** A directive that was read without an error and can be put in service. */
export interface PluginSetup {
  /** Set where no query of the block is passed on: the use that takes them, and what to write in order that some are left. */
  readonly takesAll?: { readonly use: Directive; readonly instead: string } | undefined;
  /** Servers that are asked over plain DNS, as far as the Corefile gives their addresses. */
  readonly asks?: readonly { readonly to: Endpoint; readonly word: Token }[];
  create(host: Host): RunningPlugin | Promise<RunningPlugin>;
  /**
   * Reads the files that `create` would read, and gives what is wrong with them, for a check without a start: it opens no
   * socket, asks nobody and keeps nothing. Left out where `create` reads no file that the Corefile names.
   */
  check?(): Promise<readonly FileFault[]>;
}

/** What is wrong with a file that a directive names. */
export interface FileFault {
  /**
   * An error keeps the server from starting; of a warning it would tell, and go on. A note tells that a file is not here which the
   * server does without until it comes: where the Corefile is checked need not be where it is served.
   */
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  /** The file as the Corefile names it, where a block may have several uses of the directive. */
  readonly file?: string;
}

/** What a block has beside plugins: filled in by directives that are settings. */
export interface BlockSettings {
  /** Addresses or interface names of `bind`; empty for all addresses. */
  bind: string[];
  /** What `except` of `bind` leaves out. */
  bindExcept: string[];
  /** Debug lines in the log. */
  debug: boolean;
  /** `reload`: milliseconds between looks at the Corefile. */
  reload: { readonly interval: number; readonly jitter: number } | undefined;
  /** `timeouts`: of TCP connections, in milliseconds; what is undefined is as in the table of bounds. */
  timeouts: Timeouts | undefined;
  /** `tls`: how `tls://` and `https://` are encrypted; left out where they are not. */
  tls?: ServerTls | undefined;
  /** `https`: how many connections there may be; left out where it is as in the table of bounds. */
  httpsConnections?: number | undefined;
  /** `shed`: what UDP drops is counted under its name. */
  shed?: boolean;
  /** Files that were read for the block; with `reload`, a change of one is a reason to reload. */
  files?: readonly ReadFile[];
}

/** A file as it was when it was read. */
export interface ReadFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/** Who the server is to clients that encrypt, and what it asks of them. */
export interface ServerTls {
  /** PEM texts. */
  readonly certificate: string;
  readonly key: string;
  /** Of the authorities that the certificates of clients come from; undefined for those that Node brings. */
  readonly ca: string | undefined;
  readonly clientAuth: ClientAuth;
  /** Absolute path of the file that the secrets of connections are appended to. */
  readonly keylog: string | undefined;
}

/** Whether clients are asked for a certificate, whether they need one, and whether it is verified: CoreDNS's words. */
export type ClientAuth = 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify';

/** Times of TCP connections in milliseconds, and how many queries one may carry. */
export interface Timeouts {
  readonly read: number | undefined;
  readonly write: number | undefined;
  readonly idle: number | undefined;
  readonly queries: number | undefined;
}

/** What a directive can see while it is read. */
export interface ConfigureContext {
  /** The zones of the block, presentation form, lower case, with final dot. */
  readonly zones: readonly string[];
  readonly problems: Problems;
  /** Manifests that stand in for an API server (`--fixture`); empty where there are none. */
  readonly fixtures: readonly string[];
  /** Absolute path of the file that keeps a cluster's state between runs (`--snapshot`); left out where there is none. */
  readonly snapshot?: string | undefined;
  /** The folder of the Corefile, from which relative paths start. */
  readonly folder: string;
  /** The uses of another directive in the same block. */
  usesOf(directive: string): readonly Directive[];
}

/** A directive that stands in the chain. */
export interface PluginDirective {
  readonly kind: 'plugin';
  readonly name: string;
  /** Set where what it creates has no `plugin`: no query passes it. */
  readonly besideChain?: true;
  /** Set where it has answers of its own: without any question it would have no use. */
  readonly answers?: true;
  /**
   * Reads all uses of the directive in one block, in file order, and reports everything wrong in them to
   * `context.problems`. Undefined where nothing usable came out.
   */
  configure(uses: readonly [Directive, ...Directive[]], context: ConfigureContext): PluginSetup | undefined;
}

/** A directive that changes the block itself. */
export interface SettingDirective {
  readonly kind: 'setting';
  readonly name: string;
  apply(uses: readonly [Directive, ...Directive[]], context: ConfigureContext, settings: BlockSettings): void;
}

export type DirectiveDefinition = PluginDirective | SettingDirective;

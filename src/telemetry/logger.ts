/**
 * telemetry/: what the server tells about itself: log lines and metrics. It knows no DNS and imports nothing of the rooms
 * that use it.
 *
 * This file: log lines on standard output, as CoreDNS writes them, so that what reads its logs reads these:
 * `[LEVEL] ` and, for plugins, `plugin/NAME: `, without timestamps. Lines are gathered and leave once per turn of the event
 * loop; a reader that does not keep up costs lines, which are counted, and never memory or answers.
 */
import { bounds } from '../bounds.ts';

export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  /** A whole line of another form, such as JSON, without its line feed: no level and no prefix is put before it. */
  plain(line: string): void;
}

/** Where log lines go: standard output, or a list in a test. */
export interface LineSink {
  /** Takes whole lines, each ending in a line feed; false where it wants no more until `drained` calls back. */
  write(lines: string): boolean;
  drained(callback: () => void): void;
}

export class LogWriter {
  readonly #sink: LineSink;
  #waiting = '';
  #dropped = 0;
  #reported = 0;
  #scheduled = false;
  #blocked = false;
  /** Debug lines are written only while this is set. */
  debugging = false;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  /** A logger whose lines begin with `prefix`, `plugin/errors: ` for example. */
  logger(prefix = ''): Logger {
    const line = (level: string, message: string): void => {
      this.write(`[${level}] ${prefix}${message}\n`);
    };
    return {
      debug: (message) => {
        if (this.debugging) line('DEBUG', message);
      },
      info: (message) => line('INFO', message),
      warning: (message) => line('WARNING', message),
      error: (message) => line('ERROR', message),
      plain: (text) => this.write(`${text}\n`),
    };
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one whole line. Control characters other than the final line feed must have been escaped. */
  write(line: string): void {
    if (this.#waiting.length + line.length > bounds.logWaiting) {
      this.#dropped++;
      return;
    }
    this.#waiting += line;
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Hands over at once what waits. */
  flush(): void {
    if (this.#waiting === '' || this.#blocked) return;
    const lost = this.#dropped - this.#reported;
    const lines = lost === 0 ? this.#waiting : `${this.#waiting}[WARNING] ${lost} log lines were dropped\n`;
    this.#waiting = '';
    this.#reported = this.#dropped;
    if (this.#sink.write(lines)) return;
    this.#blocked = true;
    this.#sink.drained(() => {
      this.#blocked = false;
      this.flush();
    });
  }
}

/** A stream as a sink. One whose reader has gone away takes no more lines; the server goes on. */
export function streamSink(stream: NodeJS.WritableStream): LineSink {
  stream.on('error', () => undefined);
  return {
    write: (lines) => stream.write(lines),
    drained: (callback) => {
      stream.once('drain', callback);
    },
  };
}

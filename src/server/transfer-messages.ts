/**
 * A zone transfer as messages: RRsets in, one message after the other out, each as long as a message can be and made when the
 * client has taken the one before (RFC 5936 §2.2).
 *
 *     RunningTransfer.records ──► RecordQueue ──► MessageWriter.writeBatch ──► the transport's octets
 *
 * The question stands in every message, so that all names end in a pointer to it (RFC 5936 §2.2.1), and so does the OPT
 * record, which some clients miss otherwise (§2.2.5 leaves both to the server).
 */
import { type RRset, recordCount, withoutFirst } from '../dns/rrset.ts';
import type { MessageWriter, OutgoingMessage, RecordSource } from '../dns/writer.ts';
import type { RunningTransfer } from '../plugins/answer.ts';
import { MAX_TCP_MESSAGE } from '../plugins/query.ts';
import { CUT_OFF, type MessageSource, NO_REPLY } from '../transport/transport.ts';

/** Milliseconds after which a message leaves as it is, so that queries wait no longer for its making. */
const LONGEST_WORK = 8;
/** RRsets between two looks at the time. */
const SETS_PER_LOOK = 4;

export interface TransferParts {
  /** What all messages begin with; its sections are empty. */
  readonly head: OutgoingMessage;
  readonly writer: MessageWriter;
  /** Told of what is thrown while records are made; the client is cut off. */
  readonly panic: (error: unknown) => void;
}

export class TransferMessages implements MessageSource {
  readonly #run: RunningTransfer;
  readonly #writer: MessageWriter;
  readonly #panic: TransferParts['panic'];
  readonly #queue: RecordQueue;
  readonly #head: OutgoingMessage;
  #isWhole = false;

  constructor(run: RunningTransfer, { head, writer, panic }: TransferParts) {
    this.#run = run;
    this.#head = head;
    this.#writer = writer;
    this.#panic = panic;
    this.#queue = new RecordQueue(run.records);
  }

  next(target: Uint8Array): number {
    try {
      if (!this.#queue.beginMessage()) {
        this.#isWhole = true;
        return NO_REPLY;
      }
      const length = this.#writer.writeBatch(target, MAX_TCP_MESSAGE, this.#head, this.#queue);
      if (this.#queue.count > 0) return length;
      throw new RangeError('a record of a zone is too long for any message');
    } catch (error) {
      this.#panic(error);
      return CUT_OFF;
    }
  }

  ended(): void {
    this.#run.ended(this.#isWhole);
  }
}

/** RRsets of which any number of records has been written. */
class RecordQueue implements RecordSource {
  readonly #sets: Iterator<RRset>;
  #current: RRset | undefined;
  #records = 0;
  #looks = 0;
  #end = 0;

  constructor(sets: Iterator<RRset>) {
    this.#sets = sets;
  }

  /** False where no record is left. */
  beginMessage(): boolean {
    this.#current ??= this.#next();
    this.#records = 0;
    this.#looks = 0;
    this.#end = performance.now() + LONGEST_WORK;
    return this.#current !== undefined;
  }

  get current(): RRset | undefined {
    if (++this.#looks % SETS_PER_LOOK === 0 && performance.now() >= this.#end) return undefined;
    this.#current ??= this.#next();
    return this.#current;
  }

  /** Records of the message that was begun last. */
  get count(): number {
    return this.#records;
  }

  taken(records: number): void {
    this.#records += records;
    if (this.#current === undefined) return;
    const left = recordCount(this.#current) - records;
    if (left === 0) this.#current = undefined;
    else if (records > 0) this.#current = withoutFirst(this.#current, records);
  }

  /** Sets without records would make messages without records. */
  #next(): RRset | undefined {
    for (;;) {
      const { done, value } = this.#sets.next();
      if (done === true) return undefined;
      if (recordCount(value) > 0) return value;
    }
  }
}

/**
 * What the server itself counts about the replies of one address: why answers were as they were, and the replies that
 * no chain has counted, because the query never came to one or an exception ended it there. Series of reasons are looked
 * up by their word, of which there are a few dozen.
 */
import type { Question } from '../dns/question.ts';
import { uncompressedSize } from '../dns/size.ts';
import { type Asker, DROPPED, type QueryCounts, QueryMetrics } from '../plugins/prometheus/report.ts';
import type { Explanation } from '../plugins/reasons.ts';
import type { Effect } from '../plugins/replay.ts';
import type { CounterFamily, Metrics, Series } from '../telemetry/metrics.ts';

class CountedReason implements Effect {
  readonly #series: Series;

  constructor(series: Series) {
    this.#series = series;
  }

  again(): void {
    this.#series.add();
  }
}

export class AnswerCounts {
  readonly #server: string;
  readonly #explained: CounterFamily;
  readonly #byWord = new Map<string, CountedReason>();
  readonly #dropped: QueryCounts;

  /** @param server what metrics call the address: `dns://:53` */
  constructor(metrics: Metrics, server: string) {
    this.#server = server;
    this.#explained = metrics.counter(
      'nodens_explained_answers_total',
      'Answers that had a reason to be as they were: failures, negative answers, stale ones.',
      ['server', 'reason'],
    );
    this.#dropped = new QueryMetrics(metrics).at(server, DROPPED, '');
  }

  /**
   * Counts a query and its reply, a header and the question, as the server's own.
   *
   * @param size octets of the request as it was received
   */
  dropped(asker: Asker, question: Question, dnssecOk: boolean, size: number, rcode: number): void {
    this.#dropped.request(asker, question.type, dnssecOk, size);
    this.#dropped.response(asker, rcode, '', uncompressedSize(question), 0);
  }

  /** Counts an answer with a reason; gives what is to be done where the same answer is given again. */
  explained({ word }: Explanation): Effect {
    let reason = this.#byWord.get(word);
    if (reason === undefined) {
      reason = new CountedReason(this.#explained.with(this.#server, word));
      this.#byWord.set(word, reason);
    }
    reason.again();
    return reason;
  }
}

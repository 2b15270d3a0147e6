/**
 * `log json`: each line is one JSON object (RFC 8259), for programs that read logs. Members keep their names, types and
 * order; new ones come behind them.
 */
import { className, rcodeName, typeName } from '../../dns/constants.ts';
import { replySize } from '../reply-size.ts';
import { bufferSize, requestSize } from '../request-size.ts';
import { type LogEvent, reasonOf, replyFlags } from './event.ts';
import type { Format } from './format.ts';

/** The word that asks for this format. */
export const JSON_WORD = 'json';

export const jsonFormat: Format = { whole: true, timed: true, labels: [], print };

function print({ query, answer, time, duration, zone }: LogEvent): string {
  const { client, question, request } = query;
  const silent = answer.kind === 'silence';
  return JSON.stringify({
    level: 'info',
    time: new Date(time).toISOString(),
    plugin: answer.kind === 'reply' || answer.kind === 'transfer' ? query.lastEntered : '',
    client: client.clientAddress,
    port: client.clientPort,
    id: request.id,
    type: typeName(question.type),
    class: className(question.class),
    name: question.name.toLowerCase(),
    proto: client.protocol,
    size: requestSize(query),
    do: request.edns?.dnssecOk ?? false,
    bufsize: bufferSize(query),
    rcode: silent ? null : rcodeName(answer.rcode),
    flags: silent ? '' : replyFlags(query, answer),
    rsize: replySize(question, answer),
    // To the nanosecond: what is beyond is an error of the arithmetic.
    duration: Math.max(0, Math.round(duration * 1e6)) / 1e9,
    // Left out where there is none.
    reason: reasonOf(answer),
    zone,
    server: query.server,
  });
}

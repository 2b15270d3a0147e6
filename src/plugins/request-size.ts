/** Sizes that a query speaks of: its own, and that of the replies that its client takes. */
import { MIN_UDP_PAYLOAD, optRecordSize } from '../dns/edns.ts';
import { uncompressedSize } from '../dns/size.ts';
import { MAX_TCP_MESSAGE, type Query } from './query.ts';

/** Octets of the request as it was decoded, names written out. */
export function requestSize({ question, request }: Query): number {
  const { answerRecords, authorityRecords, additionalRecords, edns } = request;
  const records = uncompressedSize(question, answerRecords, authorityRecords, additionalRecords);
  return records + (edns === undefined ? 0 : optRecordSize(edns.options));
}

/** The size of UDP replies that the client takes; without limit over TCP. */
export function bufferSize({ client, request }: Query): number {
  if (client.protocol !== 'udp') return MAX_TCP_MESSAGE;
  return Math.max(request.edns?.udpSize ?? 0, MIN_UDP_PAYLOAD);
}

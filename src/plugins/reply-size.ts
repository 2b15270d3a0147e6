/** How long a reply would be, for logs and metrics. */
import type { Question } from '../dns/question.ts';
import { uncompressedSize } from '../dns/size.ts';
import type { Answer } from './answer.ts';

/** Octets before compression and without OPT; 0 for a silence. A failure is sent as the question alone, and of a transfer the SOA counts. */
export function replySize(question: Question, answer: Answer): number {
  switch (answer.kind) {
    case 'silence':
      return 0;
    case 'failure':
      return uncompressedSize(question);
    case 'transfer':
      return uncompressedSize(question, [answer.soa]);
    case 'reply':
      return uncompressedSize(question, answer.answers, answer.authority, answer.additional);
  }
}

/**
 * What kind of answer an answer is, as `log` sorts them. In: the question and its answer. Out: a type, and the class
 * that the `class` option names.
 */
import { Opcode, Rcode, Type } from '../../dns/constants.ts';
import { isTransfer, opcodeOf } from '../../dns/message.ts';
import type { Answer, Reply } from '../answer.ts';
import type { Query } from '../query.ts';

export const answerClasses = ['all', 'success', 'denial', 'error'] as const;
export type AnswerClass = (typeof answerClasses)[number];

export type AnswerType =
  | 'NOERROR'
  | 'DELEGATION'
  | 'NXDOMAIN'
  | 'NODATA'
  /** Transfers and NOTIFY. */
  | 'META'
  | 'UPDATE'
  /** SERVFAIL and NOTIMP. */
  | 'SERVERERROR'
  | 'OTHERERROR';

export function typeOfAnswer(query: Query, answer: Answer): AnswerType {
  const opcode = opcodeOf(query.request.flags);
  if (opcode === Opcode.UPDATE) return 'UPDATE';
  if (opcode === Opcode.NOTIFY || isTransfer(query.type)) return 'META';
  switch (answer.kind) {
    case 'silence':
      return 'OTHERERROR';
    case 'transfer':
      return 'META';
    case 'failure':
      return typeOfRcode(answer.rcode);
    case 'reply':
      return answer.rcode === Rcode.NOERROR ? typeOfSuccess(answer) : typeOfRcode(answer.rcode);
  }
}

function typeOfRcode(rcode: number): AnswerType {
  if (rcode === Rcode.NOERROR) return 'NOERROR';
  if (rcode === Rcode.NXDOMAIN) return 'NXDOMAIN';
  return rcode === Rcode.SERVFAIL || rcode === Rcode.NOTIMP ? 'SERVERERROR' : 'OTHERERROR';
}

/** NOERROR without data says so by an SOA in the authority section; an NS there alone is a referral (RFC 2308 §2.2). */
function typeOfSuccess({ answers, authority }: Reply): AnswerType {
  if (answers.length > 0) return 'NOERROR';
  if (authority.some(({ type }) => type === Type.SOA)) return 'NODATA';
  return authority.some(({ type }) => type === Type.NS) ? 'DELEGATION' : 'NOERROR';
}

export function classOfType(type: AnswerType): Exclude<AnswerClass, 'all'> {
  switch (type) {
    case 'NOERROR':
    case 'DELEGATION':
      return 'success';
    case 'NXDOMAIN':
    case 'NODATA':
      return 'denial';
    case 'META':
    case 'UPDATE':
    case 'SERVERERROR':
    case 'OTHERERROR':
      return 'error';
  }
}

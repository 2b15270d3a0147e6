/**
 * `any`: answers questions of type ANY with one HINFO record that says why there is no more (RFC 8482 §4.2), so that nobody
 * gets a large reply for a small question.
 */
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import { Class, Type } from '../../dns/constants.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type Outcome, reply } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

export const any: PluginDirective = {
  kind: 'plugin',
  name: 'any',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    expectArguments(use, problems, { max: 0, usage: 'any' });
    forbidBlock(use, problems);
    return { create: () => ({ plugin: ANY }) };
  },
};

const ANY: Plugin = {
  name: 'any',
  replayable: true,
  answer(query: Query, next: Next): Outcome {
    if (query.type !== Type.ANY) return next.answer(query);
    return reply({ authoritative: false, answers: [hostInformation(query)] });
  },
};

/** Seconds, and the text of both fields: as CoreDNS has them. */
const TTL = 8482;
const CPU = 'ANY obsoleted';
const OS = 'See RFC 8482';

/** Two character strings (RFC 1035 §3.3.2). */
const DATA = Uint8Array.from(
  [CPU, OS].flatMap((text) => [text.length, ...Array.from(text, (character) => character.charCodeAt(0))]),
);

/** Records have no class ANY of their own. */
function hostInformation({ name, question }: Query): RRset {
  const klass = question.class === Class.ANY ? Class.IN : question.class;
  return { kind: 'opaque', owner: name, type: Type.HINFO, class: klass, ttl: TTL, data: [DATA] };
}

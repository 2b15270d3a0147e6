/**
 * `rewrite cname`: leads an alias in the answer to another target, and puts what this server answers for that target in the place
 * of what stood behind the old one.
 *
 *     www  CNAME  old.example.        www  CNAME  new.example.
 *     old.example.  A  192.0.2.1  ──► new.example.  A  192.0.2.2     (asked of the whole server)
 */
import { Rcode, Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { NameRRset, RRset } from '../../dns/rrset.ts';
import { type Answer, type Failure, type Outcome, type Reply, whenAnswered } from '../answer.ts';
import { illegalName } from './illegal-name.ts';
import { type NameChange, Subject, changeName } from './match.ts';
import type { Revision, Rule, Turn } from './turn.ts';

/** Whether an answer has such an alias shows when it is there: the rule applies to every query. */
export class CnameRule implements Rule, Revision {
  readonly #change: NameChange;

  constructor(change: NameChange) {
    this.#change = change;
  }

  apply(turn: Turn): boolean {
    turn.revise(this);
    return true;
  }

  revise(answer: Reply | Failure, turn: Turn): Outcome {
    if (answer.kind === 'failure') return answer;
    for (const set of answer.answers) {
      if (set.kind !== 'name' || set.type !== Type.CNAME) continue;
      const [old] = set.targets;
      const target = old && changeName(this.#change, new Subject(old));
      if (old === undefined || target === undefined) continue;
      if (target === 'illegal') return illegalName('the target of an alias', old);
      if (!target.equals(old)) return redirect(answer, set, target, turn);
    }
    return answer;
  }
}

function redirect(answer: Reply, old: NameRRset, target: Name, turn: Turn): Outcome {
  const alias: RRset = { ...old, targets: [target] };
  const front = [...leadingTo(old, answer.answers), alias];
  const { asked } = turn;
  // Who asks for the alias itself, or for whatever there is, does not want it followed (RFC 1034 §3.6.2).
  if (asked.type === Type.CNAME || asked.type === Type.ANY) {
    const answers = answer.answers.map((set) => (set === old ? alias : set));
    return { ...answer, answers, drawn: undefined, authenticData: false };
  }
  return whenAnswered(asked.lookup(target, asked.type), (found): Answer => {
    // Who is refused the target here may ask for it elsewhere.
    if (found.kind !== 'silence' && found.rcode === Rcode.REFUSED) {
      const { explanation } = found;
      const sections = { answers: front, authority: [], additional: [] };
      return { ...answer, ...sections, rcode: Rcode.NOERROR, authenticData: false, drawn: undefined, explanation };
    }
    if (found.kind !== 'reply') return found;
    return {
      ...found,
      authoritative: answer.authoritative,
      recursionAvailable: answer.recursionAvailable || found.recursionAvailable,
      recursionDesired: answer.recursionDesired,
      authenticData: false,
      fromUpstream: answer.fromUpstream && found.fromUpstream,
      answers: [...front, ...found.answers],
      drawn: undefined,
    };
  });
}

/** The aliases that lead to one, in the order in which they are followed; each is taken once. */
function leadingTo(alias: NameRRset, sets: readonly RRset[]): readonly NameRRset[] {
  const byTarget = new Map<string, NameRRset>();
  for (const set of sets) {
    if (set.kind !== 'name' || set.type !== Type.CNAME) continue;
    for (const target of set.targets) byTarget.set(target.key, set);
  }
  const chain: NameRRset[] = [];
  let { owner } = alias;
  for (;;) {
    const before = byTarget.get(owner.key);
    if (before === undefined || before === alias) return chain.toReversed();
    byTarget.delete(owner.key);
    chain.push(before);
    ({ owner } = before);
  }
}

/**
 * `template`: answers that are written from the question.
 *
 *     zone, class, type fit? ──no──► next template … next plugin
 *            │yes
 *     an expression matches, and what `expr` says holds? ──no──► next template … (fallthrough), or SERVFAIL
 *            │yes
 *     records written ──► a CNAME's target looked up (A, AAAA) ──► reply
 */
import { Class, Rcode, Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type Outcome, failure, reply, whenAnswered } from '../answer.ts';
import { zoneOf } from '../zone-arguments.ts';
import type { Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import type { Verdict } from './conditions.ts';
import { type Section, TemplateCounts } from './counts.ts';
import { type RecordTemplate, type TemplateRule, readTemplateRule, recordOf, takesAll } from './rule.ts';
import type { TemplateData } from './text.ts';

/** What leaves some queries to others. */
const INSTEAD = "zones or a type, or a 'match' and 'fallthrough' in its block";

export const template: PluginDirective = {
  kind: 'plugin',
  name: 'template',
  configure(uses, context) {
    const rules = uses.map((use) => readTemplateRule(use, context));
    const last = rules.findIndex((rule) => takesAll(rule, context));
    const use = uses[last];
    if (use !== undefined && last < uses.length - 1) {
      const message = "no query comes as far as the 'template' behind this one, which answers all of them";
      context.problems.warning(use.name, message, { expected: INSTEAD });
    }
    return {
      takesAll: use && { use, instead: INSTEAD },
      create: (host) => ({ plugin: createTemplates(rules, host) }),
    };
  },
};

/** Replayable, but for answers in which something of the client itself is printed. */
function createTemplates(rules: readonly TemplateRule[], { metrics, block, neighbours }: Host): Plugin {
  const counts = new TemplateCounts(metrics, block.view);
  const given: Given = { counts, metadata: neighbours.metadata };
  const answer = (query: Query, next: Next): Outcome => answerByRules(rules, given, query, next);
  return { name: 'template', replayable: true, answer };
}

const NO_MATCH = failure(Rcode.SERVFAIL, explain('noTemplateMatches'));

/** What all templates of a block share. */
interface Given {
  readonly counts: TemplateCounts;
  readonly metadata: Host['neighbours']['metadata'];
}

function answerByRules(rules: readonly TemplateRule[], given: Given, query: Query, next: Next): Outcome {
  const { name, type } = query;
  let text: string | undefined;
  for (const rule of rules) {
    const zone = zoneOf(rule.zones, name);
    if (zone === undefined || !fits(rule.class, query.question.class, Class.ANY) || !fits(rule.type, type, Type.ANY))
      continue;
    text ??= name.toLowerCase();
    const found = match(rule, text);
    if (found !== undefined) {
      const verdict = judge(rule, given, query, found);
      if (verdict.kind === 'fault') return failed(rule, verdict, given.counts, query, zone);
      if (verdict.kind === 'holds') {
        given.counts.matched(query, zone, rule);
        return answerByRule(rule, given, query, zone, { ...found, variables: verdict.variables });
      }
    }
    if (zoneOf(rule.fallthrough, name) === undefined) return NO_MATCH;
  }
  return next.answer(query);
}

const HOLDS: Verdict = { kind: 'holds', variables: {} };

function judge(
  { conditions }: TemplateRule,
  { metadata }: Given,
  query: Query,
  { match: byNumber, groups: byName }: Found,
): Verdict {
  return conditions.isAny ? conditions.judge(query, metadata, { byNumber, byName }) : HOLDS;
}

function fits(wanted: number, asked: number, any: number): boolean {
  return wanted === asked || wanted === any || asked === any;
}

type Found = Pick<TemplateData, 'match' | 'groups'>;
type Judged = Pick<TemplateData, 'match' | 'groups' | 'variables'>;

const NO_GROUPS: Found['groups'] = {};
const FOUND: Found = { match: [], groups: NO_GROUPS };

/** The first expression that matches; groups are collected only where they are printed. */
function match({ regexps, usesGroups }: TemplateRule, name: string): Found | undefined {
  if (regexps.length === 0) return usesGroups ? { match: [name], groups: NO_GROUPS } : FOUND;
  if (!usesGroups) return regexps.some((regexp) => regexp.test(name)) ? FOUND : undefined;
  for (const regexp of regexps) {
    const matcher = regexp.matcher(name);
    if (!matcher.find()) continue;
    const groups = Array.from({ length: regexp.groupCount() + 1 }, (_, i) => matcher.group(i) ?? '');
    const named = Object.entries(regexp.namedGroups()).map(([key, index]) => [key, groups[index] ?? '']);
    return { match: groups, groups: Object.fromEntries(named) };
  }
  return undefined;
}

/** A `var` or `expr` that could not be worked out. Each such query is counted and logged. */
function failed(
  rule: TemplateRule,
  { section, fault, source }: Extract<Verdict, { kind: 'fault' }>,
  counts: TemplateCounts,
  query: Query,
  zone: Name,
): Outcome {
  query.replaying.forbid();
  counts.failed('text', query, zone, rule, section, source);
  const error = `'${section}' of a template for ${zone.toLowerCase()} failed: ${fault}`;
  return failure(Rcode.SERVFAIL, explain('templateFailed'), error);
}

function answerByRule(rule: TemplateRule, given: Given, query: Query, zone: Name, found: Judged): Outcome {
  const { rcode } = rule;
  const reason = rule.explanation ?? explain('configured');
  if (rcode === Rcode.SERVFAIL) return failure(rcode, reason);
  if (rule.usesClient) query.replaying.forbid();
  const { question, client } = query;
  const data: TemplateData = {
    question,
    zone: zone.toLowerCase(),
    remote: client.clientAddress,
    metadata: given.metadata,
    query,
    ...found,
  };
  const faults: string[] = [];
  const write = (section: Section, records: readonly RecordTemplate[]): readonly RRset[] =>
    records.flatMap((record) => {
      const written = writeRecord(record, data);
      if (written.kind === 'record') return written.set;
      given.counts.failed(written.kind, query, zone, rule, section, written.source);
      faults.push(`the ${section} of a template for ${data.zone} is no record: ${written.fault}`);
      return [];
    });
  const written = write('answer', rule.answers);
  const authority = write('authority', rule.authority);
  const additional = write('additional', rule.additional);
  const [fault] = faults;
  if (fault !== undefined) {
    // Each such query is counted and logged.
    query.replaying.forbid();
    return failure(Rcode.SERVFAIL, explain('templateFailed'), fault);
  }
  const explanation = rcode === Rcode.NOERROR && written.length > 0 ? rule.explanation : reason;
  return chase(query, written, NOTHING, (chased) => reply({ rcode, explanation, ...chased, authority, additional }));
}

/** A record, or what went wrong: its text could not be filled in, or is no record. */
type Written =
  | { readonly kind: 'record'; readonly set: RRset }
  | { readonly kind: 'text' | 'no-record'; readonly fault: string; readonly source: string };

function writeRecord(record: RecordTemplate, data: TemplateData): Written {
  if (record.kind === 'constant') return { kind: 'record', set: record.set };
  const { source } = record;
  const rendered = record.text.render(data);
  if (!('text' in rendered)) return { kind: 'text', fault: rendered.fault, source };
  const made = recordOf(rendered.text);
  return 'set' in made ? { kind: 'record', set: made.set } : { kind: 'no-record', fault: made.fault, source };
}

interface Chased {
  readonly answers: readonly RRset[];
  /** What was said about a target had been cut off. */
  readonly truncated: boolean;
}

const NOTHING: Chased = { answers: [], truncated: false };

/**
 * Puts behind each CNAME what this server answers for its target, for questions that want addresses. A target without
 * an answer leaves the CNAME alone.
 */
function chase(query: Query, sets: readonly RRset[], done: Chased, finish: (chased: Chased) => Outcome): Outcome {
  const wanted = query.type === Type.A || query.type === Type.AAAA;
  const at = wanted ? sets.findIndex(({ type }) => type === Type.CNAME) : -1;
  const alias = sets[at];
  const [target] = alias?.kind === 'name' ? alias.targets : [];
  if (target === undefined) return finish({ ...done, answers: [...done.answers, ...sets] });
  const before = [...done.answers, ...sets.slice(0, at + 1)];
  const chased = whenAnswered(query.lookup(target, query.type), (answer) =>
    answer.kind === 'reply' ? answer : NOTHING,
  );
  const go = ({ answers, truncated }: Chased): Outcome => {
    const all = { answers: [...before, ...answers], truncated: done.truncated || truncated };
    return chase(query, sets.slice(at + 1), all, finish);
  };
  return chased instanceof Promise ? chased.then(go) : go(chased);
}

/**
 * One `template` as it was configured. In: the directive. Out: what it is for, what it matches, and the records that it
 * gives; everything wrong in it is reported.
 */
import type { RE2JS } from 're2js';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readInteger } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import {
  Class,
  Rcode,
  Type,
  classMnemonics,
  classOf,
  rcodeMnemonics,
  rcodeOf,
  typeMnemonics,
  typeOf,
} from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { parseRecord } from '../../dns/presentation.ts';
import type { RRset } from '../../dns/rrset.ts';
import { coverBlock, readFallthrough, readZones } from '../zone-arguments.ts';
import type { ConfigureContext } from '../plugin.ts';
import { type Explanation, explainAs } from '../reasons.ts';
import { compileRegexp } from '../regexp.ts';
import { typeText } from '../expressions/expressions.ts';
import { warnOfLabels } from '../metadata/labels.ts';
import { type Conditions, readConditions } from './conditions.ts';
import type { Expression } from './expression.ts';
import { type TextTemplate, compileText } from './text.ts';

/** A record that is the same for every query, or one that is written anew for each. */
export type RecordTemplate =
  | { readonly kind: 'constant'; readonly set: RRset }
  /** `source` as it stands in the Corefile. */
  | { readonly kind: 'written'; readonly text: TextTemplate; readonly source: string };

export interface TemplateRule {
  /** `Class.ANY` and `Type.ANY` stand for all. */
  readonly class: number;
  readonly type: number;
  readonly zones: readonly Name[];
  /** Any of them; none for every name. */
  readonly regexps: readonly RE2JS[];
  /** What must hold beside. */
  readonly conditions: Conditions;
  readonly answers: readonly RecordTemplate[];
  readonly authority: readonly RecordTemplate[];
  readonly additional: readonly RecordTemplate[];
  readonly rcode: number;
  readonly explanation: Explanation | undefined;
  /** Names below these go on to the next template or plugin where no expression matches. */
  readonly fallthrough: readonly Name[];
  /** Whether groups of the expressions are looked at. */
  readonly usesGroups: boolean;
  /** Whether something is printed that differs between clients who ask the same: an address, or how the name is spelt. */
  readonly usesClient: boolean;
}

/** What record text without a TTL gets, and what completes names without a final dot. */
const DEFAULTS = { origin: Name.root, ttl: 3600 };

export function readTemplateRule(use: Directive, context: ConfigureContext): TemplateRule {
  const { zones, problems } = context;
  expectArguments(use, problems, { min: 2, usage: 'template CLASS TYPE [ZONES…]' });
  const [classWord, typeWord, ...zoneWords] = use.args;
  const regexps: RE2JS[] = [];
  const conditionLines: Directive[] = [];
  const records = { answer: [] as Written[], authority: [] as Written[], additional: [] as Written[] };
  let rcode: number = Rcode.NOERROR;
  let explanation: Explanation | undefined;
  let fallthrough: readonly Name[] = [];
  const readRecords = (section: keyof typeof records) => (option: Directive) => {
    forbidBlock(option, problems);
    if (!expectArguments(option, problems, { min: 1, usage: `${section} "RECORD"…` })) return;
    for (const token of option.args) records[section].push({ token, record: readRecord(option, token, problems) });
  };
  eachOption(use, problems, {
    match(option) {
      forbidBlock(option, problems);
      expectArguments(option, problems, { min: 1, usage: 'match REGEXP…' });
      regexps.push(...option.args.flatMap((token) => compileRegexp(token, problems) ?? []));
    },
    answer: readRecords('answer'),
    authority: readRecords('authority'),
    additional: readRecords('additional'),
    rcode(option) {
      forbidBlock(option, problems);
      const [word] = option.args;
      if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'rcode NAME' }) || word === undefined) return;
      rcode = readMnemonic(word, 'response code', rcodeOf, rcodeMnemonics, problems) ?? rcode;
      if (rcode === Rcode.NXDOMAIN && typeWord !== undefined && typeWord.text !== 'ANY') {
        problems.warning(word, `NXDOMAIN says that the name has no record of any type, not of ${typeWord.text} alone`, {
          expected: 'rcode NOERROR for a name that may have others; resolvers stop looking for them at NXDOMAIN',
        });
      }
    },
    ederror(option) {
      forbidBlock(option, problems);
      const [code, text] = option.args;
      if (!expectArguments(option, problems, { min: 1, max: 2, usage: 'ederror CODE ["TEXT"]' }) || code === undefined)
        return;
      const value = readInteger(code, problems, { min: 0, max: 0xffff, what: 'extended error code' });
      if (value !== undefined) explanation = explainAs('configured', { code: value, text: text?.text ?? '' });
    },
    fallthrough(option) {
      forbidBlock(option, problems);
      fallthrough = readFallthrough(option.args, problems);
    },
    upstream(option) {
      problems.warning(option.name, `'upstream' has no effect`, {
        expected: 'this line removed: look-ups always pass this server',
      });
    },
    var: (option) => void conditionLines.push(option),
    expr: (option) => void conditionLines.push(option),
  });
  const all = [...records.answer, ...records.authority, ...records.additional];
  const conditions = readConditions(conditionLines, regexps, context);
  for (const { token, record } of all) {
    checkGroups(token, record, regexps, problems);
    checkVariables(token, record, conditions, context);
  }
  const expressions = all.flatMap(({ record }) => expressionsOf(record));
  return {
    class: (classWord && readMnemonic(classWord, 'class', classOf, classMnemonics, problems)) ?? Class.ANY,
    type: (typeWord && readMnemonic(typeWord, 'type', typeOf, typeMnemonics, problems)) ?? Type.ANY,
    zones: readZones(zoneWords, zones, problems),
    regexps,
    conditions,
    answers: usable(records.answer),
    authority: usable(records.authority),
    additional: usable(records.additional),
    rcode,
    explanation,
    fallthrough,
    usesGroups: conditions.isAny || expressions.some(({ kind }) => kind === 'match' || kind === 'group'),
    usesClient: expressions.some(
      (one) =>
        one.kind === 'metadata' ||
        (one.kind === 'field' && (one.field === '.Remote' || one.field === '.Question.Name')),
    ),
  };
}

/** A class, type or response code in upper case, as CoreDNS wants it. */
function readMnemonic(
  token: Token,
  what: string,
  numberOf: (name: string) => number | undefined,
  known: readonly string[],
  problems: Problems,
): number | undefined {
  const value = numberOf(token.text);
  if (value !== undefined) return value;
  const upper = token.text.toUpperCase();
  if (numberOf(upper) === undefined) problems.unknownWord(token, what, known);
  else problems.error(token, `a ${what} is written in capitals`, { suggestion: upper });
  return undefined;
}

/** A template as it stands in the Corefile; `record` is undefined where it was reported. */
interface Written {
  readonly token: Token;
  readonly record: RecordTemplate | undefined;
}

function usable(written: readonly Written[]): readonly RecordTemplate[] {
  return written.flatMap(({ record }) => record ?? []);
}

function readRecord(option: Directive, token: Token, problems: Problems): RecordTemplate | undefined {
  const compiled = compileText(token.text);
  // A record has several words; a word that is none by itself most often lacks its quotes.
  const unquoted = !token.quoted && option.args.length > 1;
  const hint = unquoted ? { suggestion: `${option.name.text} "${option.args.map(({ text }) => text).join(' ')}"` } : {};
  if (compiled.kind === 'error') {
    problems.error(token, shorten(compiled.message), { expected: compiled.expected, ...hint });
    return undefined;
  }
  const { template } = compiled;
  if (template.constant === undefined) {
    const sample = template.sample === undefined ? undefined : parseRecord(template.sample, DEFAULTS);
    // CoreDNS starts with it, and fails whenever it is asked.
    if (sample?.kind === 'error') problems.warning(token, sample.message, { expected: sample.expected, ...hint });
    return { kind: 'written', text: template, source: token.text };
  }
  const parsed = parseRecord(template.constant, DEFAULTS);
  if (parsed.kind === 'record') return { kind: 'constant', set: parsed.set };
  problems.error(token, parsed.message, { expected: parsed.expected, ...hint });
  return undefined;
}

/** Whether a rule answers every query of the block that anybody asks, if only with a failure where it does not match. */
export function takesAll(rule: TemplateRule, context: ConfigureContext): boolean {
  const isOfAnyClass = rule.class === Class.ANY || rule.class === Class.IN;
  if (!isOfAnyClass || rule.type !== Type.ANY || !coverBlock(rule.zones, context)) return false;
  return rule.fallthrough.length === 0 || (rule.regexps.length === 0 && !rule.conditions.isAny);
}

/** The record that a text written for one query is, or what it is not. */
export function recordOf(text: string): { readonly set: RRset } | { readonly fault: string } {
  const parsed = parseRecord(text, DEFAULTS);
  return parsed.kind === 'record' ? { set: parsed.set } : { fault: `${parsed.message}; expected ${parsed.expected}` };
}

function expressionsOf(record: RecordTemplate | undefined): readonly Expression[] {
  const innermost = (one: Expression): Expression => (one.kind === 'parseInt' ? innermost(one.value) : one);
  return record?.kind === 'written' ? record.text.expressions.map(innermost) : [];
}

/** A group that none of the expressions has is never there. Without an expression the whole name is group 0. */
function checkGroups(
  token: Token,
  record: RecordTemplate | undefined,
  regexps: readonly RE2JS[],
  problems: Problems,
): void {
  const count = Math.max(0, ...regexps.map((regexp) => regexp.groupCount()));
  for (const one of expressionsOf(record)) {
    if (one.kind === 'match' && one.index > count) {
      problems.error(token, `no 'match' of this template has a group ${one.index}`, {
        expected: `a group from 0 to ${count}`,
      });
    }
    if (one.kind === 'group' && !regexps.some((regexp) => Object.hasOwn(regexp.namedGroups(), one.name))) {
      problems.error(token, `no 'match' of this template has a group '${one.name}'`, {
        expected: `(?P<${one.name}>…) in a 'match'`,
      });
    }
  }
}

/** Variables that no line gives, or that cannot be printed; and metadata that nobody collects. */
function checkVariables(
  token: Token,
  record: RecordTemplate | undefined,
  { variables }: Conditions,
  context: ConfigureContext,
): void {
  for (const one of expressionsOf(record)) {
    if (one.kind === 'metadata') warnOfLabels([one.label], token, context);
    if (one.kind !== 'variable') continue;
    const type = variables.get(one.name);
    if (type === undefined) {
      context.problems.error(token, `no 'var' of this template is called '${one.name}'`, {
        expected: `var ${one.name} EXPRESSION`,
      });
    } else if (type === 'nil' || typeof type !== 'string') {
      context.problems.error(token, `'.Var.${one.name}' is ${typeText(type)}, which is no text`, {
        expected: "an element of it, or join(LIST, ' ')",
      });
    }
  }
}

/**
 * Which names a rule is for, and what it makes of one. In: a name, and what the Corefile says. Out: whether it fits, or another
 * name.
 *
 *     exact        the whole name
 *     prefix       the name begins with this text        written in lower case, with the final dot,
 *     suffix       the name ends with this text          unusual octets escaped (RFC 1035 §5.1)
 *     substring    this text stands somewhere in it
 *     regex        this expression matches somewhere in it; what comes out is the replacement alone
 */
import type { RE2JS } from 're2js';
import { bounds } from '../../bounds.ts';
import { Name } from '../../dns/name.ts';
import type { Replacement } from './replacement.ts';

export const matchWords = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const;
export type MatchWord = (typeof matchWords)[number];

export type NameMatch =
  | { readonly kind: 'exact'; readonly name: Name }
  | { readonly kind: 'prefix' | 'suffix' | 'substring'; readonly text: string }
  | { readonly kind: 'regex'; readonly regexp: RE2JS };

export type NameChange =
  | { readonly kind: 'exact'; readonly name: Name; readonly to: Name }
  | { readonly kind: 'prefix' | 'suffix' | 'substring'; readonly text: string; readonly to: string }
  | { readonly kind: 'regex'; readonly regexp: RE2JS; readonly to: Replacement };

/** A name together with its text, which is made once and only where a rule looks at it. */
export class Subject {
  readonly name: Name;
  #text: string | undefined;
  #octetStarts: Uint8Array | undefined;

  constructor(name: Name) {
    this.name = name;
  }

  /** Lower case, with final dot. */
  get text(): string {
    return (this.#text ??= this.name.toLowerCase());
  }

  /**
   * True where no escape is cut in two at this place of the text. A label may hold a dot of its own, as `\.`: what stands
   * behind the backslash there is no end of a label.
   */
  isWhole(at: number): boolean {
    const { text } = this;
    if (!text.includes('\\')) return true;
    // Gone through once for all rules: a name of nothing but escapes has hundreds of places that a text may be found at.
    return (this.#octetStarts ??= startsOfOctets(text))[at] === 1;
  }
}

/** 1 where an octet begins, in a text with escapes, and behind the last. */
function startsOfOctets(text: string): Uint8Array {
  const starts = new Uint8Array(text.length + 1);
  let at = 0;
  while (at <= text.length) {
    starts[at] = 1;
    at += text[at] !== '\\' ? 1 : /\d/.test(text.charAt(at + 1)) ? 4 : 2;
  }
  return starts;
}

export function matches(match: NameMatch, subject: Subject): boolean {
  switch (match.kind) {
    case 'exact':
      return match.name.equals(subject.name);
    case 'prefix':
      return beginsWith(subject, match.text);
    case 'suffix':
      return endsWith(subject, match.text);
    case 'substring':
      return find(subject, match.text, 0) >= 0;
    case 'regex':
      return match.regexp.test(subject.text);
  }
}

/** The name that a change makes, `illegal` where that is none (RFC 1035 §2.3.4), or undefined where it does not fit. */
export type Changed = Name | 'illegal' | undefined;

export function changeName(change: NameChange, subject: Subject): Changed {
  switch (change.kind) {
    case 'exact':
      return change.name.equals(subject.name) ? change.to : undefined;
    case 'prefix': {
      const { text } = subject;
      return beginsWith(subject, change.text) ? read(change.to + text.slice(change.text.length)) : undefined;
    }
    case 'suffix': {
      const { text } = subject;
      return endsWith(subject, change.text) ? read(text.slice(0, -change.text.length) + change.to) : undefined;
    }
    case 'substring':
      return find(subject, change.text, 0) < 0 ? undefined : read(replaceAll(subject, change));
    case 'regex': {
      const matcher = change.regexp.matcher(subject.text);
      return matcher.find() ? read(change.to.render(matcher)) : undefined;
    }
  }
}

function read(text: string | undefined): Name | 'illegal' {
  return (text === undefined ? undefined : Name.parse(text)) ?? 'illegal';
}

function beginsWith(subject: Subject, start: string): boolean {
  return subject.text.startsWith(start) && subject.isWhole(start.length);
}

function endsWith(subject: Subject, end: string): boolean {
  const { text } = subject;
  return text.endsWith(end) && subject.isWhole(text.length - end.length);
}

/** Where `part` stands from `from` on, beginning and ending between two octets of the name; -1 where it does not. */
function find(subject: Subject, part: string, from: number): number {
  const { text } = subject;
  let at = text.indexOf(part, from);
  while (at >= 0 && !(subject.isWhole(at) && subject.isWhole(at + part.length))) at = text.indexOf(part, at + 1);
  return at;
}

/** Each occurrence replaced, from the left; undefined where that is longer than any name. */
function replaceAll(
  subject: Subject,
  { text: part, to }: { readonly text: string; readonly to: string },
): string | undefined {
  const { text } = subject;
  let made = '';
  let from = 0;
  for (let at = find(subject, part, 0); at >= 0; at = find(subject, part, from)) {
    made += text.slice(from, at) + to;
    from = at + part.length;
    if (made.length > bounds.rewriteText) return undefined;
  }
  return made + text.slice(from);
}

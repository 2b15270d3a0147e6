/**
 * Regular expressions for names, looked at for what makes them match no name at all. In: the text of one. Out: what is wrong with
 * it, in words for a warning. Names are matched in lower case and with their final dot, so that `\.com$` and `Com` never match.
 */

export interface Doubt {
  readonly message: string;
  /** What to write instead. */
  readonly expected: string;
}

/** A letter, digit or hyphen that stands for itself at the end of all. */
const END_WITHOUT_DOT = /(?:^|[^\\])[A-Za-z0-9_-]\$$/;
/** An octet by its number ends the same way, and may be a dot. */
const NUMBERED_END = /\\(?:x[\da-fA-F]{2}|[0-7]{2,3})\$$/;
/** What may hold a capital that is none of the name: escapes, groups with a name or flags, classes. */
const NO_LITERALS = /\\[pP](?:\{[^}]*\}|.)|\\Q.*?(?:\\E|$)|\\.|\(\?[^)>:]*[)>:]|\[(?:\\.|[^\]\\])*\]/gs;

/** Undefined where nothing is known to be wrong. */
export function doubtOfNameExpression(source: string): Doubt | undefined {
  if (END_WITHOUT_DOT.test(source) && !NUMBERED_END.test(source)) {
    return {
      message: `names end with a dot, so that the end of this expression matches none`,
      expected: String.raw`\.$ at its end`,
    };
  }
  const isFolding = /\(\?[a-zA-Z]*i/.test(source);
  if (isFolding || !/[A-Z]/.test(source.replaceAll(NO_LITERALS, ''))) return undefined;
  return { message: 'names are matched in lower case, so that a capital matches none', expected: 'small letters' };
}

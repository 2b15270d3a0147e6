/**
 * `$GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA`, as BIND has it: a line for each number of the range. In each word
 * behind the range `$` is the number, `${OFFSET,WIDTH,BASE}` the number moved, filled up with zeros, and in base `d`, `o`, `x`
 * or `X`; `$$` and `\$` are a dollar sign. In: the words behind the directive. Out: lines of a zone file.
 */
import { bounds } from '../../bounds.ts';
import { Fault, type Words, show } from '../../dns/presentation-words.ts';

const FORM = '$GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA';
const PLACE = /\\[^]|\$\$|\$(?:\{([^}]*)\})?/g;
const MODIFIER = /^(-?\d{1,9})(?:,(\d{1,2})(?:,([doxX]))?)?$/;
const MAX_NUMBER = 0x7fff_ffff;

export interface Generated {
  readonly lines: Iterable<string>;
  /** About the characters of all lines, before any is made. */
  readonly octets: number;
}

/** @throws Fault where the range or a modifier is wrong; nothing is made before all has been read */
export function generate(words: Words): Generated {
  const range = words.take(FORM);
  const isRange = /^\d{1,10}-\d{1,10}(?:\/\d{1,10})?$/.test(range.text);
  const [start = NaN, stop = NaN, step = 1] = isRange ? range.text.split(/[-/]/).map(Number) : [];
  if (!(start <= stop && stop <= MAX_NUMBER && step >= 1)) {
    throw new Fault(`'${show(range)}' is no range`, 'START-STOP[/STEP], such as 1-254', range.at);
  }
  const count = Math.floor((stop - start) / step) + 1;
  if (count > bounds.zoneGenerated) {
    throw new Fault(`a range of ${count} numbers`, `at most ${bounds.zoneGenerated}`, range.at);
  }
  const templates: string[] = [];
  let padding = 0;
  while (words.peek !== undefined) {
    const word = words.take(FORM);
    for (const [, modifier] of word.text.matchAll(PLACE)) {
      const [, , width = '0'] = MODIFIER.exec(modifier ?? '0') ?? [];
      padding += Number(width);
      if (modifier !== undefined && !MODIFIER.test(modifier)) {
        throw new Fault(`'\${${modifier}}' is no modifier`, '${OFFSET[,WIDTH[,BASE]]}, BASE one of d, o, x', word.at);
      }
    }
    templates.push(word.quoted ? `"${word.text}"` : word.text);
  }
  if (templates.length < 3) throw new Fault('the line ends too early', FORM, range.at);
  const template = templates.join(' ');
  return { lines: lines(template, start, stop, step), octets: count * (template.length + padding) };
}

function* lines(template: string, start: number, stop: number, step: number): Generator<string, void> {
  for (let number = start; number <= stop; number += step) {
    yield template.replace(PLACE, (place: string, modifier: string | undefined) => {
      if (place === '$$' || place === String.raw`\$`) return '$';
      return place.startsWith('\\') ? place : formatted(number, modifier ?? '0');
    });
  }
}

function formatted(number: number, modifier: string): string {
  const [, offset = '0', width = '0', base = 'd'] = MODIFIER.exec(modifier) ?? [];
  const moved = number + Number(offset);
  const digits = Math.abs(moved).toString(base === 'd' ? 10 : base === 'o' ? 8 : 16);
  const text = digits.padStart(Number(width) - (moved < 0 ? 1 : 0), '0');
  return `${moved < 0 ? '-' : ''}${base === 'X' ? text.toUpperCase() : text}`;
}

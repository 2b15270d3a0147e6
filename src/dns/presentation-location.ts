/**
 * LOC records from text (RFC 1876 §3): `42 21 54 N 71 06 18 W -24m 30m`. In: words. Out: the 16 octets of the data.
 */
import { Fault, type Words, show } from './presentation-words.ts';

const FORM = 'LATITUDE N|S LONGITUDE E|W ALTITUDE [SIZE [PRECISION [PRECISION]]]';
/** Thousandths of a second of arc stand around this value. */
const EQUATOR = 2 ** 31;
/** Centimetres below sea level at which altitudes begin. */
const ALTITUDE_BASE = 10_000_000;
/** Centimetres: what is not said (RFC 1876 §3). */
const SIZE = 100;
const HORIZONTAL = 1_000_000;
const VERTICAL = 1_000;
/** The largest that one digit and a power of ten say: 9 × 10⁹ centimetres. */
const MOST = 9e9;

export function readLocation(words: Words): Uint8Array {
  const latitude = readAngle(words, 90, 'N', 'S');
  const longitude = readAngle(words, 180, 'E', 'W');
  const altitude = readMetres(words, -ALTITUDE_BASE, 2 ** 32 - 1 - ALTITUDE_BASE);
  const size = words.peek === undefined ? SIZE : readMetres(words, 0, MOST);
  const horizontal = words.peek === undefined ? HORIZONTAL : readMetres(words, 0, MOST);
  const vertical = words.peek === undefined ? VERTICAL : readMetres(words, 0, MOST);
  const octets = new Uint8Array(16);
  octets.set([0, powerOf(size), powerOf(horizontal), powerOf(vertical)]);
  const fields = new DataView(octets.buffer);
  fields.setUint32(4, EQUATOR + latitude);
  fields.setUint32(8, EQUATOR + longitude);
  fields.setUint32(12, altitude + ALTITUDE_BASE);
  return octets;
}

/** `DEGREES [MINUTES [SECONDS]] DIRECTION` in thousandths of a second of arc, positive towards the first direction. */
function readAngle(words: Words, most: number, positive: string, negative: string): number {
  let sum = 0;
  for (let part = 0; ; part++) {
    const word = words.take(FORM);
    const direction = word.text.toUpperCase();
    if (part > 0 && (direction === positive || direction === negative)) {
      if (sum > most * 3_600_000) throw new Fault(`more than ${most} degrees`, FORM, word.at);
      return direction === positive ? sum : -sum;
    }
    const valid = part === 2 ? /^\d{1,2}(?:\.\d{1,3})?$/ : /^\d{1,3}$/;
    const value = part < 3 && valid.test(word.text) ? Number(word.text) : NaN;
    if (Number.isNaN(value) || (part > 0 && value >= 60)) throw new Fault(`'${show(word)}' is no angle`, FORM, word.at);
    sum += Math.round(value * (3_600_000 / 60 ** part));
  }
}

/** Metres, with up to two digits behind the point, in centimetres. */
function readMetres(words: Words, least: number, most: number): number {
  const word = words.take(FORM);
  const [, digits] = /^(-?\d{1,8}(?:\.\d{1,2})?)m?$/i.exec(word.text) ?? [];
  const value = digits === undefined ? NaN : Math.round(Number(digits) * 100);
  if (!(value >= least && value <= most)) throw new Fault(`'${show(word)}' are no metres`, FORM, word.at);
  return value;
}

/** A digit and the power of ten that it is multiplied by, four bits each. */
function powerOf(centimetres: number): number {
  let power = 0;
  while (centimetres / 10 ** power >= 10) power++;
  return (Math.floor(centimetres / 10 ** power) << 4) | power;
}

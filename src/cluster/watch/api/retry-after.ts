/** For how long a server asks to be left alone: the `Retry-After` field (RFC 9110 §10.2.3). */

const SECONDS = /^\d+$/;
/** The three forms of a date (RFC 9110 §5.6.7); the last one has no zone and means UTC. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC850_DATE = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Milliseconds; undefined where the field is missing or is neither a number of seconds nor a date.
 * @param date the response's `Date` field: a date is measured from it, so that no clock but the server's counts
 * @param now milliseconds since the epoch, for a response without one
 * @param most milliseconds that are waited at most
 */
export function retryAfterOf(
  field: string | undefined,
  date: string | undefined,
  now: number,
  most: number,
): number | undefined {
  if (field === undefined) return undefined;
  const text = field.trim();
  if (SECONDS.test(text)) return Math.min(most, Number(text) * 1000);
  const until = parseDate(text);
  if (until === undefined) return undefined;
  const from = (date === undefined ? undefined : parseDate(date.trim())) ?? now;
  return Math.min(most, Math.max(0, until - from));
}

function parseDate(text: string): number | undefined {
  const isDate = IMF_FIXDATE.test(text) || RFC850_DATE.test(text);
  const time = isDate ? Date.parse(text) : ASCTIME_DATE.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

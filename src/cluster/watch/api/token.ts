/** A token to the header that shows it (RFC 6750 §2.1). */
import { ApiError } from './api.ts';

/** What may stand in a header field without being taken for something else; the padding of a token is its last. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * @param from where it is from, for the error
 * @throws ApiError which never shows the token
 */
export function bearer(token: string, from: string): string {
  const text = token.trim();
  if (!TOKEN.test(text)) throw new ApiError(`${from} holds no token: one line of printable characters is expected`);
  return `Bearer ${text}`;
}

/** The canonical order of names (RFC 4034 §6.1): label by label from the right, in lower case, octet by octet. */
import type { Name } from '../../dns/name.ts';

/**
 * A string for each name so that comparing two strings compares the names. Each octet is moved up by one, so that the end of
 * a label is smaller than all of them.
 */
export function canonicalKey(name: Name): string {
  let key = '';
  for (let i = name.labelCount - 1; i >= 0; i--) {
    const label = name.label(i);
    for (let at = 0; at < label.length; at++) key += String.fromCharCode(label.charCodeAt(at) + 1);
    key += '\0';
  }
  return key;
}

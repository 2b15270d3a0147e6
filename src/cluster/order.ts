/**
 * The order of names and labels in small letters: that of their code units, which is the same on every machine, and that which DNS
 * has for labels of letters, digits and dashes (RFC 4034 §6.1).
 */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of namespaces, and within one that of names. */
export function byName(a: Named, b: Named): number {
  return byText(a.namespace, b.namespace) || byText(a.name, b.name);
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** The addresses that `bind` and `--bind` mean: addresses as they are, interface names as the addresses they have now. */
import { networkInterfaces } from 'node:os';

/** Addresses in text form, IPv6 link-local ones with their scope; each once, in the order given. */
export function expandBind(words: readonly string[], except: readonly string[]): readonly string[] {
  const left = new Set(except.flatMap(addressesFor));
  return [...new Set(words.flatMap(addressesFor))].filter((address) => !left.has(address));
}

/**
 * Whether a server that is bound to these addresses gets what this machine sends to `address`.
 *
 * @param bound as `expandBind` gives them; none stands for all
 */
export function isReachedAt(bound: readonly string[], address: string): boolean {
  // As the address of a server, it means this machine.
  if (address === '0.0.0.0' || address === '::') return true;
  if (bound.length > 0 && !bound.includes('*')) return bound.includes(address);
  // Not all of 127.0.0.0/8: a container engine answers at 127.0.0.11 itself.
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some((one) => one.address === address));
}

function addressesFor(word: string): readonly string[] {
  const addresses = networkInterfaces()[word];
  if (addresses === undefined) return [word === '0.0.0.0' || word === '::' ? '*' : word];
  return addresses.map((one) =>
    one.family === 'IPv6' && isLinkLocal(one.address) ? `${one.address}%${word}` : one.address,
  );
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

/**
 * Where a directive serves HTTP. In: the word `ADDRESS:PORT` of a Corefile. Out: an address that sockets take.
 *
 *     :9153 ──► *  (all addresses)        localhost:9153 ──► 127.0.0.1        [::1]:9153 ──► ::1
 */
import { isIP } from 'node:net';
import type { Directive, Token } from '../corefile/corefile.ts';
import { expectArguments } from '../corefile/options.ts';
import { type Problems, shorten } from '../corefile/problems.ts';
import type { HttpAddress } from './plugin.ts';

/** What short texts are served as. */
export const TEXT_TYPE = 'text/plain; charset=utf-8';

const ANY_ADDRESS = '*';
const MAX_PORT = 65_535;

/** The one argument of a directive, or `fallback` where it has none; what is wrong is reported. */
export function readHttpAddress(use: Directive, fallback: HttpAddress, problems: Problems): HttpAddress {
  const [word] = use.args;
  expectArguments(use, problems, { max: 1, usage: `${use.name.text} [ADDRESS]` });
  return { ...((word && parse(word, fallback, problems)) ?? fallback), from: word ?? use.name };
}

function parse(word: Token, { port }: HttpAddress, problems: Problems): HttpAddress | undefined {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(word.text);
  const [, bracketed, plain = '', digits] = parts ?? [];
  const wrong = (message: string, suggestion?: string): undefined => {
    problems.error(word, message, {
      expected: `an IP address and a port such as 127.0.0.1:${port} or [::1]:${port}, or :${port} for all addresses`,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  };
  if (digits === undefined)
    return wrong(`'${shorten(word.text)}' is no address with a port`, completed(word.text, port));
  if (Number(digits) > MAX_PORT) return wrong(`the port ${digits} is above ${MAX_PORT}`);
  if (bracketed !== undefined && isIP(bracketed) !== 6) return wrong(`'${shorten(bracketed)}' is no IPv6 address`);
  const address = bracketed ?? plain;
  if (address !== '' && address !== 'localhost' && isIP(address) === 0) {
    return wrong(`'${shorten(address)}' is no IP address`);
  }
  return { address: addressOf(address), port: Number(digits) };
}

function addressOf(text: string): string {
  if (text === '') return ANY_ADDRESS;
  // What the name stands for is not looked up: this server may be the one that would be asked.
  return text === 'localhost' ? '127.0.0.1' : text;
}

/** What was most likely meant by a port alone, or an address alone. */
function completed(text: string, port: number): string | undefined {
  if (/^\d{1,5}$/.test(text)) return `:${text}`;
  const family = isIP(text);
  if (family === 0) return undefined;
  return family === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}

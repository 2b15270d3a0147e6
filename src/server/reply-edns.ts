/**
 * The OPT record of a reply: what of the request's is repeated, and what the server says of itself.
 *
 *     NSID, EXPIRE, COOKIE, PADDING   repeated as they came, as CoreDNS does
 *     PADDING, where it is encrypted  of the length that makes the reply one of a few (padding.ts)
 *     TCP keepalive (RFC 7828)        over TCP how long the connection may idle; over UDP never
 *     Extended DNS Error (RFC 8914)   why the answer is as it is
 */
import { OptionCode } from '../dns/constants.ts';
import { type Edns, type EdnsOption, extendedErrorOption } from '../dns/edns.ts';
import type { OutgoingEdns } from '../dns/writer.ts';
import type { Explanation } from '../plugins/reasons.ts';
import type { Protocol } from '../transport/transport.ts';
import { NO_PADDING } from './padding.ts';

const isPadding = ({ code }: EdnsOption): boolean => code === OptionCode.PADDING;

/** Options of a request that the reply repeats. */
const ECHOED_OPTIONS: ReadonlySet<number> = new Set([
  OptionCode.NSID,
  OptionCode.EXPIRE,
  OptionCode.COOKIE,
  OptionCode.PADDING,
]);

export class ReplyEdns {
  readonly #keepalive: EdnsOption;
  readonly #isEncrypted: boolean;

  /** @param idle milliseconds after which an idle TCP connection is closed */
  constructor(idle: number, isEncrypted = false) {
    this.#isEncrypted = isEncrypted;
    // RFC 7828 §3.1: in units of 100 milliseconds, two octets.
    const units = Math.min(Math.floor(idle / 100), 0xffff);
    this.#keepalive = { code: OptionCode.TCP_KEEPALIVE, data: Uint8Array.of(units >> 8, units & 0xff) };
  }

  /** For a client that sent `edns`. @param own what plugins say, in place of what would be repeated */
  of(
    edns: Edns,
    protocol: Protocol,
    explanation: Explanation | undefined,
    own: readonly EdnsOption[] = [],
  ): OutgoingEdns {
    const { udpSize, dnssecOk } = edns;
    let options = edns.options.length === 0 ? edns.options : this.#answered(edns.options, protocol);
    if (own.length > 0) options = [...options.filter(({ code }) => !own.some((one) => one.code === code)), ...own];
    if (explanation !== undefined) options = [...options, extendedErrorOption(explanation)];
    if (this.#isEncrypted && edns.options.some(isPadding)) {
      options = [...options.filter((one) => !isPadding(one)), NO_PADDING];
    }
    return { udpSize, dnssecOk, options };
  }

  #answered(asked: readonly EdnsOption[], protocol: Protocol): readonly EdnsOption[] {
    const answered = asked.filter(({ code }) => ECHOED_OPTIONS.has(code));
    const wantsKeepalive = protocol === 'tcp' && asked.some(({ code }) => code === OptionCode.TCP_KEEPALIVE);
    return wantsKeepalive ? [...answered, this.#keepalive] : answered;
  }
}

/**
 * `rewrite edns0`: options of the request that the rest of the chain, and so the upstreams, are asked with. The reply has none of
 * them: what the client sent is what the server answers to.
 *
 * Such answers are for one query alone: no cache may give them to another client (RFC 7871 §7.3 for subnets).
 */
import { bounds } from '../../bounds.ts';
import { parseAddress } from '../../dns/address.ts';
import { OptionCode } from '../../dns/constants.ts';
import type { EdnsOption } from '../../dns/edns.ts';
import { uint16 } from '../../dns/octets.ts';
import type { MetadataProvider } from '../neighbours.ts';
import type { Client } from '../query.ts';
import type { Rule, Turn } from './turn.ts';

/**
 *     set       takes the place of all such options, or comes to the others
 *     append    comes to the others where there is none yet
 *     replace   takes the place of all such options where there is one
 *     unset     goes away
 */
export const optionActions = ['set', 'append', 'replace', 'unset'] as const;
export type OptionAction = (typeof optionActions)[number];

export const variables = [
  'qname',
  'qtype',
  'client_ip',
  'client_port',
  'protocol',
  'server_ip',
  'server_port',
] as const;
export type Variable = (typeof variables)[number];

/** What the option holds. */
export type OptionData =
  | { readonly kind: 'constant'; readonly octets: Uint8Array }
  | { readonly kind: 'variable'; readonly variable: Variable }
  /** The provider is looked for at each query: who has it is created in an order of its own. */
  | { readonly kind: 'metadata'; readonly find: () => MetadataProvider | undefined }
  /** The client's network, in so many bits (RFC 7871 §6). */
  | { readonly kind: 'subnet'; readonly bits4: number; readonly bits6: number };

export class EdnsRule implements Rule {
  readonly #code: number;
  readonly #action: OptionAction;
  readonly #data: OptionData;

  constructor(code: number, action: OptionAction, data: OptionData) {
    this.#code = code;
    this.#action = action;
    this.#data = data;
  }

  apply(turn: Turn): boolean {
    const { options } = turn;
    const old = options.find(({ code }) => code === this.#code);
    if (old === undefined ? this.#action === 'replace' || this.#action === 'unset' : this.#action === 'append') {
      return false;
    }
    turn.query.replaying.forbid();
    const data = this.#action === 'unset' ? undefined : dataOf(this.#data, turn, old);
    if (data === undefined) {
      if (old === undefined) return false;
      // What the rule would have said in its place, the client is not to say itself.
      turn.options = options.filter(({ code }) => code !== this.#code);
      return true;
    }
    const made: EdnsOption = { code: this.#code, data };
    turn.madeOption(made);
    // A second option of the code would say what the client likes to whoever reads the last of them.
    turn.options =
      old === undefined
        ? [...options, made]
        : options.flatMap((option) => (option === old ? made : option.code === this.#code ? [] : option));
    return true;
  }
}

/** Undefined where there is nothing to say. */
function dataOf(data: OptionData, turn: Turn, old: EdnsOption | undefined): Uint8Array | undefined {
  switch (data.kind) {
    case 'constant':
      return data.octets;
    case 'variable':
      return valueOf(data.variable, turn);
    case 'metadata': {
      const value = data.find()?.(turn.query) ?? '';
      return value === '' || value.length > bounds.rewriteOption ? undefined : Buffer.from(value, 'utf8');
    }
    case 'subnet':
      return subnetOf(turn.query.client, data, old);
  }
}

function valueOf(variable: Variable, { name, type, query: { client } }: Turn): Uint8Array | undefined {
  switch (variable) {
    case 'qname':
      return Buffer.from(name.toString(), 'latin1');
    case 'qtype':
      return uint16(type);
    case 'client_ip':
      return parseAddress(client.clientAddress);
    case 'client_port':
      return uint16(client.clientPort);
    case 'protocol':
      return Buffer.from(client.protocol, 'latin1');
    case 'server_ip':
      return parseAddress(client.localAddress);
    case 'server_port':
      return uint16(client.localPort);
  }
}

/** Octets of the option's fields in front of the address: family, source prefix length, scope prefix length (RFC 7871 §6). */
const SUBNET_FIELDS = 4;
const SOURCE_BITS_AT = 2;

/** A client that says less of its network than would be said here is not to be told on (RFC 7871 §7.1.2). */
function subnetOf(
  { clientAddress }: Client,
  { bits4, bits6 }: { readonly bits4: number; readonly bits6: number },
  old: EdnsOption | undefined,
): Uint8Array | undefined {
  const address = parseAddress(clientAddress);
  if (address === undefined) return undefined;
  const isIPv4 = address.length === 4;
  const said = old?.code === OptionCode.CLIENT_SUBNET ? old.data[SOURCE_BITS_AT] : undefined;
  const bits = Math.min(isIPv4 ? bits4 : bits6, said ?? Infinity);
  const length = Math.ceil(bits / 8);
  const option = new Uint8Array(SUBNET_FIELDS + length);
  option[1] = isIPv4 ? 1 : 2;
  option[SOURCE_BITS_AT] = bits;
  option.set(address.subarray(0, length), SUBNET_FIELDS);
  const last = option.length - 1;
  // What is beyond the prefix is zero.
  if (bits % 8 !== 0) option[last] = (option[last] ?? 0) & (0xff << (8 - (bits % 8)));
  return option;
}

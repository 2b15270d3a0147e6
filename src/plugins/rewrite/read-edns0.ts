/** Reading rules for `edns0`: `local`, `nsid` and `subnet`. */
import { bounds } from '../../bounds.ts';
import type { Token } from '../../corefile/corefile.ts';
import { readInteger } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { OptionCode } from '../../dns/constants.ts';
import { isHopByHop } from '../../dns/edns.ts';
import type { ConfigureContext } from '../plugin.ts';
import { EdnsRule, type OptionAction, type OptionData, optionActions, variables } from './edns0-rule.ts';
import type { CreateRule, RuleReader } from './definition.ts';
import { oneOf, readWord } from './words.ts';

const options = ['local', 'nsid', 'subnet'] as const;
type Option = (typeof options)[number];

const USAGES: Readonly<Record<Option, string>> = {
  local: 'edns0 local set|append|replace CODE DATA [revert], or edns0 local unset CODE [revert]',
  nsid: 'edns0 nsid set|append|replace|unset [revert]',
  subnet: 'edns0 subnet set|append|replace BITS4 BITS6 [revert], or edns0 subnet unset [revert]',
};

export const readEdnsRule: RuleReader = (field, words, { problems }, context) => {
  const [optionWord, actionWord, ...behind] = words;
  if (optionWord === undefined || actionWord === undefined) {
    problems.error(optionWord ?? field, 'there are words missing', { expected: 'edns0 local|nsid|subnet ACTION …' });
    return undefined;
  }
  const option = readWord(optionWord, 'EDNS option', options, problems);
  const action = readWord(actionWord, 'action', optionActions, problems);
  if (option === undefined || action === undefined) return undefined;
  const last = behind.at(-1);
  // The word may be data too, where nothing else stands there.
  const reverts =
    last !== undefined && oneOf(last, ['revert']) !== undefined && behind.length > countOf(option, action);
  const args = reverts ? behind.slice(0, -1) : behind;
  if (args.length !== countOf(option, action)) {
    const surplus = args[countOf(option, action)];
    if (surplus === undefined)
      problems.error(args.at(-1) ?? actionWord, 'there are words missing', { expected: USAGES[option] });
    else problems.error(surplus, `there is no place for '${shorten(surplus.text)}'`, { expected: USAGES[option] });
    return undefined;
  }
  switch (option) {
    case 'local':
      return readLocal(action, args, context);
    case 'nsid':
      warnOfHop(optionWord, OptionCode.NSID, action, problems);
      return () => new EdnsRule(OptionCode.NSID, action, { kind: 'constant', octets: new Uint8Array(0) });
    case 'subnet':
      return readSubnet(action, args, problems);
  }
};

/** How many words stand behind the action. */
function countOf(option: Option, action: OptionAction): number {
  switch (option) {
    case 'local':
      return action === 'unset' ? 1 : 2;
    case 'nsid':
      return 0;
    case 'subnet':
      return action === 'unset' ? 0 : 2;
  }
}

function readLocal(action: OptionAction, args: readonly Token[], context: ConfigureContext): CreateRule | undefined {
  const { problems } = context;
  const [codeWord, dataWord] = args;
  if (codeWord === undefined) return undefined;
  const code = readCode(codeWord, problems);
  const data = dataWord === undefined ? undefined : readData(dataWord, context);
  if (code !== undefined) warnOfHop(codeWord, code, action, problems);
  if (dataWord === undefined) {
    return code === undefined
      ? undefined
      : () => new EdnsRule(code, action, { kind: 'constant', octets: new Uint8Array(0) });
  }
  if (code === undefined || data === undefined) return undefined;
  if (data.kind !== 'label') return () => new EdnsRule(code, action, data);
  return ({ metadata }) => new EdnsRule(code, action, { kind: 'metadata', find: () => metadata.get(data.label) });
}

function readCode(token: Token, problems: Problems): number | undefined {
  const value = /^(?:\d{1,5}|0x[0-9a-f]{1,4})$/i.test(token.text) ? Number(token.text) : undefined;
  if (value !== undefined && value <= 0xffff) return value;
  problems.error(token, `'${shorten(token.text)}' is no code of an option`, {
    expected: 'a number up to 65535 or 0xffff; for local use from 65001 (0xfde9) to 65534 (0xfffe)',
  });
  return undefined;
}

type Data = Extract<OptionData, { kind: 'constant' | 'variable' }> | { readonly kind: 'label'; readonly label: string };

function readData(token: Token, context: ConfigureContext): Data | undefined {
  const { text } = token;
  const { problems } = context;
  const inner = /^\{(.*)\}$/s.exec(text)?.[1];
  if (inner !== undefined) {
    const variable = variables.find((name) => name === inner);
    if (variable !== undefined) return { kind: 'variable', variable };
    if (/^[^/]+\/.+$/.test(inner)) {
      if (context.usesOf('metadata').length === 0) {
        problems.warning(token, `'${shorten(text)}' says nothing without metadata`, {
          expected: "'metadata' in the same server block",
        });
      }
      return { kind: 'label', label: inner };
    }
    problems.unknownWord(
      token,
      'variable',
      variables.map((name) => `{${name}}`),
    );
    return undefined;
  }
  const isHex = /^0x/i.test(text);
  if (isHex && !/^0x(?:[0-9a-f]{2})*$/i.test(text)) {
    problems.error(token, `'${shorten(text)}' is no data in hexadecimal`, {
      expected: '0x and two digits for each octet',
    });
    return undefined;
  }
  const octets = isHex ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text, 'utf8');
  if (octets.length <= bounds.rewriteOption) return { kind: 'constant', octets: new Uint8Array(octets) };
  problems.error(token, `an option of ${octets.length} octets`, { expected: `at most ${bounds.rewriteOption} octets` });
  return undefined;
}

function readSubnet(action: OptionAction, args: readonly Token[], problems: Problems): CreateRule | undefined {
  const [word4, word6] = args;
  const bits4 = word4 === undefined ? 0 : readInteger(word4, problems, { min: 0, max: 32, what: 'IPv4 prefix length' });
  const bits6 =
    word6 === undefined ? 0 : readInteger(word6, problems, { min: 0, max: 128, what: 'IPv6 prefix length' });
  if (bits4 === undefined || bits6 === undefined) return undefined;
  return () => new EdnsRule(OptionCode.CLIENT_SUBNET, action, { kind: 'subnet', bits4, bits6 });
}

/** `forward` leaves such options out of what it sends. */
function warnOfHop(at: Token, code: number, action: OptionAction, problems: Problems): void {
  if (action === 'unset' || !isHopByHop({ code, data: new Uint8Array(0) })) return;
  problems.warning(at, `option ${code} is for the next hop alone: upstreams are asked without it`, {
    expected: 'a rule without effect, or an option from 65001 to 65534',
  });
}

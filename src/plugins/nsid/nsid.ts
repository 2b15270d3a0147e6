/**
 * `nsid`: tells a client which server answered, if it asks for that with the NSID option (RFC 5001 §2). The OPT record is the
 * one that the server gives such a client anyway.
 */
import { hostname } from 'node:os';
import type { Directive } from '../../corefile/corefile.ts';
import { forbidBlock } from '../../corefile/options.ts';
import type { Problems } from '../../corefile/problems.ts';
import { OptionCode } from '../../dns/constants.ts';
import type { EdnsOption } from '../../dns/edns.ts';
import type { Outcome } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

/** A reply of 512 octets is to have room for more than this. */
const MAX_OCTETS = 255;

export const nsid: PluginDirective = {
  kind: 'plugin',
  name: 'nsid',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    forbidBlock(use, problems);
    const data = readData(use, problems);
    return data && { create: () => ({ plugin: new Nsid(data) }) };
  },
};

function readData({ name, args }: Directive, problems: Problems): Uint8Array | undefined {
  const text = args.length === 0 ? hostname() : args.map((word) => word.text).join(' ');
  const data = Uint8Array.from(Buffer.from(text, 'utf8'));
  if (data.length <= MAX_OCTETS) return data;
  problems.error(args[0] ?? name, `the name of the server has ${data.length} octets`, {
    expected: `at most ${MAX_OCTETS}`,
  });
  return undefined;
}

class Nsid implements Plugin {
  readonly name = 'nsid';
  /** An answer with an option in it is given to the one who asked for it alone. */
  readonly replayable = true;
  readonly #option: EdnsOption;

  constructor(data: Uint8Array) {
    this.#option = { code: OptionCode.NSID, data };
  }

  answer(query: Query, next: Next): Outcome {
    const { request, account } = query;
    // A look-up on the way to the answer passes here again.
    if (request.edns?.options.some(isNsid) === true && !account.replyOptions.some(isNsid)) {
      account.replyOptions.push(this.#option);
    }
    return next.answer(query);
  }
}

function isNsid({ code }: EdnsOption): boolean {
  return code === OptionCode.NSID;
}

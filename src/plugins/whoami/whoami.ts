/**
 * `whoami`: tells the client its own address, port and protocol, whatever it asks. For trying out a server.
 */
import { forbidBlock, expectArguments } from '../../corefile/options.ts';
import { parseAddress } from '../../dns/address.ts';
import { Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type Outcome, reply } from '../answer.ts';
import type { Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

export const whoami: PluginDirective = {
  kind: 'plugin',
  name: 'whoami',
  answers: true,
  configure(uses, { problems }) {
    for (const use of uses) {
      expectArguments(use, problems, { max: 0, usage: 'whoami' });
      forbidBlock(use, problems);
    }
    return { create: () => ({ plugin: new Whoami() }) };
  },
};

/** Not replayable: the answer is made of who asks. */
class Whoami implements Plugin {
  readonly name = 'whoami';

  answer(query: Query): Outcome {
    return reply({ additional: [...addressRecord(query), ...portRecord(query)] });
  }
}

function addressRecord({ name, question, client }: Query): readonly RRset[] {
  // A link-local client's address names the interface behind a '%'.
  const octets = parseAddress(client.clientAddress.replace(/%.*$/, ''));
  if (octets === undefined) return [];
  const type = octets.length === 4 ? Type.A : Type.AAAA;
  return [{ kind: 'address', owner: name, type, class: question.class, ttl: 0, octets }];
}

/** `_udp.NAME` or `_tcp.NAME`; nothing where that is longer than a name can be. */
function portRecord({ name, question, client }: Query): readonly RRset[] {
  const owner = Name.fromLabels([`_${client.protocol}`], name);
  if (owner === undefined) return [];
  const services = [{ priority: 0, weight: 0, port: client.clientPort, target: Name.root }];
  return [{ kind: 'srv', owner, type: Type.SRV, class: question.class, ttl: 0, services }];
}

/**
 * The functions that look at the query. What is not told by the question itself, and so not the same for all who ask it, takes
 * the answer's replaying away at the moment when it is looked at: an expression whose `type()` decides alone lets answers be
 * given again, the same expression for another type may not.
 *
 *     the same for equal questions     type name class opcode do proto server_port, incidr
 *     the client's, or the moment's    id size bufsize client_ip port server_ip metadata
 */
import { className, typeName } from '../../dns/constants.ts';
import { opcodeOf } from '../../dns/message.ts';
import { faultOfLabel } from '../metadata/labels.ts';
import { bufferSize, requestSize } from '../request-size.ts';
import type { Query } from '../query.ts';
import { isInCidr, parseCidr, parseClientAddress } from './cidr.ts';
import { EvaluationFault } from './fault.ts';
import type { FunctionDefinition } from './functions.ts';
import { type Type, type Value, asString, valueText } from './values.ts';

type Look = (query: Query) => Value;

/** Told by the question, its flags, and the listener that it came to. */
function ofQuestion(name: string, returns: Type, look: Look): [string, FunctionDefinition] {
  return [name, { usage: `${name}()`, params: [], returns, run: ({ query }) => look(query) }];
}

function ofClient(name: string, returns: Type, look: Look): [string, FunctionDefinition] {
  const run: FunctionDefinition['run'] = (evaluation) => {
    evaluation.looksAtClient();
    return look(evaluation.query);
  };
  return [name, { usage: `${name}()`, params: [], returns, run }];
}

export const queryFunctions: ReadonlyMap<string, FunctionDefinition> = new Map<string, FunctionDefinition>([
  ofQuestion('type', 'string', ({ type }) => typeName(type)),
  ofQuestion('name', 'string', ({ name }) => name.toLowerCase()),
  ofQuestion('class', 'string', ({ question }) => className(question.class)),
  ofQuestion('opcode', 'int', ({ request }) => opcodeOf(request.flags)),
  ofQuestion('do', 'bool', ({ request }) => request.edns?.dnssecOk ?? false),
  ofQuestion('proto', 'string', ({ client }) => (client.protocol === 'udp' ? 'udp' : 'tcp')),
  ofQuestion('server_port', 'string', ({ client }) => String(client.localPort)),
  ofClient('id', 'int', ({ request }) => request.id),
  ofClient('size', 'int', requestSize),
  ofClient('bufsize', 'int', bufferSize),
  ofClient('client_ip', 'string', ({ client }) => client.clientAddress),
  ofClient('port', 'string', ({ client }) => String(client.clientPort)),
  ofClient('server_ip', 'string', ({ client }) => client.localAddress),
  [
    'incidr',
    {
      usage: 'incidr(IP, CIDR)',
      params: ['string', 'string'],
      returns: 'bool',
      check(literal, index) {
        if (typeof literal !== 'string') return undefined;
        if (index === 1 && parseCidr(literal) === undefined) return `'${literal}' is no network, such as 10.0.0.0/8`;
        return index === 0 && parseClientAddress(literal) === undefined ? `'${literal}' is no address` : undefined;
      },
      run(_, args) {
        const [address = null, network = null] = args;
        const octets = parseClientAddress(asString(address));
        if (octets === undefined) throw new EvaluationFault(`${valueText(address)} is no address`);
        const cidr = parseCidr(asString(network));
        if (cidr === undefined) throw new EvaluationFault(`${valueText(network)} is no network`);
        return isInCidr(octets, cidr);
      },
    },
  ],
  [
    'metadata',
    {
      usage: 'metadata(LABEL)',
      params: ['string'],
      returns: 'string',
      check: (literal, index) => (index === 0 && typeof literal === 'string' ? faultOfLabel(literal) : undefined),
      run(evaluation, [label = null]) {
        evaluation.looksAtClient();
        return evaluation.metadata.get(asString(label))?.(evaluation.query) ?? '';
      },
    },
  ],
]);

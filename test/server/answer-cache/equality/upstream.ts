/**
 * The upstream that both servers forward to: replies that are the same for the same question at the same time, in a later
 * tick. What it says changes only when the test says so.
 */
import { Flag, Rcode, Type } from '../../../../src/dns/constants.ts';
import { type Message, readHeader, readMessage } from '../../../../src/dns/message.ts';
import { Name } from '../../../../src/dns/name.ts';
import { parseRecord } from '../../../../src/dns/presentation.ts';
import type { RRset } from '../../../../src/dns/rrset.ts';
import { MessageWriter } from '../../../../src/dns/writer.ts';
import type { Attempt, Channel, Network, UpstreamTarget } from '../../../../src/plugins/network.ts';

/** What the outside world is like now; both servers see the same. */
export interface Outside {
  /** Stands in the addresses that it gives. */
  revision: number;
  failing: boolean;
}

/** Names that the upstream knows, each for one reason. */
export const externalNames = [
  'one.example',
  'many.example',
  'big.example',
  'alias.example',
  'chain.example',
  'brief.example',
  'zero.example',
  'signed.example',
  'text.example',
  'mail.example',
  'mails.example',
  'served.example',
  'nodata.example',
  'gone.example',
  'broken.example',
  'refused.example',
  'silent-soa.example',
];

const SOA = 'example. 20 IN SOA ns.example. admin.example. 7 60 60 60 10';

interface Said {
  readonly rcode?: number;
  readonly flags?: number;
  readonly answers?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
}

const nodata: Said = { authority: [SOA] };

function addresses(owner: string, ttl: number, count: number, revision: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${owner}. ${ttl} IN A 198.51.${revision & 255}.${i}`);
}

/** @param name lower case, without the final dot */
function say(name: string, type: number, { revision, failing }: Outside): Said {
  if (failing) return { rcode: Rcode.SERVFAIL };
  const a = type === Type.A;
  switch (name) {
    case 'one.example':
      if (type === Type.AAAA) return { answers: [`one.example. 11 IN AAAA 2001:db8::${revision & 255}`] };
      return a ? { answers: addresses('one.example', 7, 1, revision) } : nodata;
    case 'many.example':
      if (type === Type.AAAA) {
        return { answers: [1, 2, 3].map((i) => `many.example. 12 IN AAAA 2001:db8::${revision & 255}:${i}`) };
      }
      return a ? { flags: Flag.AD, answers: addresses('many.example', 30, 4, revision) } : nodata;
    case 'big.example':
      return a ? { answers: addresses('big.example', 60, 90, revision) } : nodata;
    case 'alias.example':
      if (type !== Type.CNAME && !a) return { answers: ['alias.example. 40 IN CNAME one.example.'], authority: [SOA] };
      return {
        answers: ['alias.example. 40 IN CNAME one.example.', ...(a ? addresses('one.example', 7, 1, revision) : [])],
      };
    case 'chain.example': {
      const chain = ['chain.example. 9 IN CNAME Via.Example.', 'via.example. 50 IN CNAME many.example.'];
      return a
        ? { answers: [...chain, ...addresses('many.example', 30, 4, revision)] }
        : { answers: chain, authority: [SOA] };
    }
    case 'brief.example':
      return a ? { answers: addresses('brief.example', 1, 2, revision) } : nodata;
    case 'zero.example':
      return a ? { answers: addresses('zero.example', 0, 2, revision) } : nodata;
    case 'signed.example':
      return a ? { flags: Flag.AD, answers: addresses('signed.example', 15, 1, revision) } : nodata;
    case 'text.example':
      return type === Type.TXT ? { answers: [`text.example. 17 IN TXT "revision ${revision}"`] } : nodata;
    case 'mail.example':
      return type === Type.MX ? { answers: ['mail.example. 21 IN MX 10 mx.mail.example.'] } : nodata;
    case 'mails.example':
      if (type !== Type.MX) return nodata;
      return { answers: [1, 2, 3].map((i) => `mails.example. 21 IN MX 10 mx${i}.mails.example.`) };
    case 'served.example':
      if (type !== Type.NS) return nodata;
      return {
        answers: ['served.example. 25 IN NS a.served.example.', 'served.example. 25 IN NS b.served.example.'],
        additional: [
          ...addresses('a.served.example', 25, 2, revision),
          ...addresses('b.served.example', 26, 1, revision),
        ],
      };
    case 'nodata.example':
      return nodata;
    case 'broken.example':
      return { rcode: Rcode.SERVFAIL };
    case 'refused.example':
      return { rcode: Rcode.REFUSED };
    case 'silent-soa.example':
      return { rcode: Rcode.NXDOMAIN };
    default:
      // Of the name's own top-level domain: of another one it would not be kept.
      return { rcode: Rcode.NXDOMAIN, authority: [`${name.split('.').at(-1)}. 20 IN SOA ns. admin. 7 60 60 60 10`] };
  }
}

const records = new Map<string, RRset>();

function record(text: string): RRset {
  let known = records.get(text);
  if (known === undefined) {
    const parsed = parseRecord(text, { origin: Name.root, ttl: 0 });
    if (parsed.kind === 'error') throw new Error(`${text}: ${parsed.message}`);
    known = parsed.set;
    records.set(text, known);
  }
  return known;
}

function decode(octets: Uint8Array): Message {
  const header = readHeader(octets);
  const read = header && readMessage(octets, header);
  if (read?.kind !== 'message') throw new Error('the upstream was asked something that does not decode');
  return read.message;
}

/** Octets of a reply over UDP without EDNS. */
const SHORT_REPLY = 512;
const LONG_REPLY = 65_535;

function replyTo(request: Uint8Array, protocol: string, outside: Outside): Uint8Array {
  const { id, flags, question, edns } = decode(request);
  const name = question?.name.toLowerCase().replace(/\.$/, '') ?? '';
  const said = say(name, question?.type ?? 0, outside);
  const target = new Uint8Array(LONG_REPLY);
  const limit = protocol === 'udp' ? Math.max(SHORT_REPLY, edns?.udpSize ?? 0) : LONG_REPLY;
  const length = new MessageWriter().write(target, limit, {
    id,
    flags: Flag.QR | Flag.RA | (flags & (Flag.RD | Flag.CD)) | (said.flags ?? 0),
    rcode: said.rcode ?? Rcode.NOERROR,
    question,
    answers: (said.answers ?? []).map(record),
    authority: (said.authority ?? []).map(record),
    additional: (said.additional ?? []).map(record),
    edns: edns && { udpSize: 1232, dnssecOk: edns.dnssecOk, options: [] },
  });
  return target.slice(0, length);
}

export class UpstreamNetwork implements Network {
  readonly #outside: Outside;
  /** Queries that have come. */
  asked = 0;
  /** Queries that have had no reply yet. */
  open = 0;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  channel({ to, protocol }: UpstreamTarget): Channel {
    let closed = false;
    return {
      counts: { reused: 0, opened: 0 },
      send: (message, listener): Attempt => {
        const attempt = this.#answer(message.slice(), protocol, (reply) => !closed && listener.received(reply, to));
        return { cancel: attempt };
      },
      close: () => {
        closed = true;
      },
    };
  }

  #answer(request: Uint8Array, protocol: string, show: (reply: Uint8Array) => void): () => void {
    this.asked++;
    this.open++;
    let over = false;
    process.nextTick(() => {
      this.open--;
      if (!over) show(replyTo(request, protocol, this.#outside));
    });
    return () => {
      over = true;
    };
  }

  httpStatus(): Promise<number> {
    return Promise.reject(new Error('no HTTP was expected'));
  }
}

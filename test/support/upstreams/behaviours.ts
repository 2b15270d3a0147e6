/**
 * What a hostile upstream does with a query. Each behaviour is a function, so that a test can write its own or combine
 * these; every query has the chosen one at the time when it comes.
 */
import { a, frame, parseQuery, QUESTION_NAME, record, reply, types, uint16, wireName } from './octets.ts';

/** One query as the upstream sees it, and what can be done about it. */
export interface Asked {
  readonly protocol: 'udp' | 'tcp' | 'tls';
  readonly octets: Buffer;
  /** The connection that it came over, counted from 1; 0 over UDP. */
  readonly connection: number;
  /** The how-manieth on its connection, counted from 1. */
  readonly nth: number;
  /** Sends a message where the query came from: a datagram, or a frame. */
  send(message: Buffer): void;
  /** Sends a datagram from another port; over a stream, nothing. */
  sendFromElsewhere(message: Buffer): void;
  /** Writes octets as they are; over UDP, a datagram. */
  write(octets: Buffer): void;
  /** Closes the stream in an orderly way. */
  end(): void;
  /** Resets the stream. */
  reset(): void;
  /** Runs something later, unless the upstream is closed by then. */
  later(milliseconds: number, run: () => void): void;
}

export type Behaviour = (asked: Asked) => void;

/** The address in every right answer. */
export const RIGHT = '192.0.2.1';
/** The address in every answer that must not be taken. */
export const WRONG = '203.0.113.66';

const RIGHT_ANSWER = { answers: [a(RIGHT)] };

function forged(octets: Buffer, forge: (message: Buffer) => void): Buffer {
  const message = reply(octets, { answers: [a(WRONG)] });
  forge(message);
  return message;
}

/** A reply to a question for another name: its first letter is another. */
function forAnotherName(octets: Buffer): Buffer {
  return forged(octets, (message) => {
    message[13] = message[13] === 0x78 ? 0x79 : 0x78;
  });
}

function inTheOtherCase(octets: Buffer): Buffer {
  return forged(octets, (message) => {
    for (let at = 13; message[at] !== 0; at++) {
      const octet = message[at] ?? 0;
      if (/[a-z]/i.test(String.fromCharCode(octet))) message[at] = octet ^ 0x20;
    }
  });
}

export const silent: Behaviour = () => {};

/** The right answer: one A record, whatever was asked. */
export const right: Behaviour = (asked) => asked.send(reply(asked.octets, RIGHT_ANSWER));

/** Forged replies, each wrong in one respect that the acceptance of replies must notice. */
export const forgeries = {
  'wrong id': (octets) => forged(octets, (message) => message.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0)),
  'wrong question': forAnotherName,
  'question in another case': inTheOtherCase,
  'wrong type': (octets) => forged(octets, (message) => message.writeUInt16BE(99, parseQuery(octets).end - 4)),
  'wrong class': (octets) => forged(octets, (message) => message.writeUInt16BE(3, parseQuery(octets).end - 2)),
  'wrong opcode': (octets) => forged(octets, (message) => message.writeUInt16BE(message.readUInt16BE(2) | 0x2000, 2)),
  'no QR': (octets) => forged(octets, (message) => message.writeUInt16BE(message.readUInt16BE(2) & 0x7fff, 2)),
  'no question': (octets) =>
    Buffer.concat([
      uint16(parseQuery(octets).id, 0x8180, 0, 1, 0, 0),
      record(Buffer.from([0]), types.A, 30, Buffer.alloc(4)),
    ]),
  'two questions': (octets) => {
    const question = octets.subarray(12, parseQuery(octets).end);
    return Buffer.concat([uint16(parseQuery(octets).id, 0x8180, 2, 0, 0, 0), question, question]);
  },
  garbage: (octets) => Buffer.concat([octets.subarray(0, 2), Buffer.alloc(30, 0xff)]),
  'a header alone': (octets) => reply(octets).subarray(0, 12),
  'eleven octets': (octets) => reply(octets).subarray(0, 11),
  'nothing at all': () => Buffer.alloc(0),
} as const satisfies Readonly<Record<string, (octets: Buffer) => Buffer>>;

/** A forged reply and nothing else. An empty frame would be an error of the stream, so over one it is left out. */
export function forging(forgery: keyof typeof forgeries): Behaviour {
  return (asked) => {
    const message = forgeries[forgery](asked.octets);
    if (asked.protocol === 'udp' || message.length > 0) asked.send(message);
  };
}

/** The right answer, from a port that was not asked. */
export const fromElsewhere: Behaviour = (asked) => asked.sendFromElsewhere(reply(asked.octets, RIGHT_ANSWER));

/** One after the other. */
export function both(first: Behaviour, second: Behaviour): Behaviour {
  return (asked) => {
    first(asked);
    second(asked);
  };
}

/** Every forgery there is, then the right answer. */
export const garbageThenRight: Behaviour = (asked) => {
  for (const forge of Object.values(forgeries)) {
    const message = forge(asked.octets);
    if (asked.protocol === 'udp' || message.length > 0) asked.send(message);
  }
  right(asked);
};

/** TC in every reply, over TCP too. */
export const truncatedForEver: Behaviour = (asked) => asked.send(reply(asked.octets, { truncated: true }));

/** TC over UDP, the right answer over a stream. */
export const truncatedOverUdp: Behaviour = (asked) =>
  asked.protocol === 'udp' ? truncatedForEver(asked) : right(asked);

/** The right answer, each octet in a segment of its own, with so many milliseconds between them. */
export function octetAtATime(pause: number): Behaviour {
  return (asked) => {
    const octets = frame(reply(asked.octets, RIGHT_ANSWER));
    const next = (at: number): void => {
      if (at === octets.length) return;
      asked.write(octets.subarray(at, at + 1));
      asked.later(pause, () => next(at + 1));
    };
    next(0);
  };
}

/** The length of a frame and half of it. */
export const halfAFrame: Behaviour = (asked) => {
  const octets = frame(reply(asked.octets, RIGHT_ANSWER));
  asked.write(octets.subarray(0, octets.length >> 1));
};

/** A frame of no octets. */
export const emptyFrame: Behaviour = (asked) => asked.write(uint16(0));

export const resets: Behaviour = (asked) => asked.reset();
export const closes: Behaviour = (asked) => asked.end();

/** So many right answers on each connection, then its end, whatever else was asked on it. */
export function closesAfter(count: number, how: 'end' | 'reset'): Behaviour {
  return (asked) => {
    if (asked.nth > count) return;
    right(asked);
    if (asked.nth === count) asked[how]();
  };
}

/** Works through each connection in order: what comes behind a query that `sticks` is never looked at. */
export function inOrder(sticks: (name: string) => boolean): Behaviour {
  const stuck = new Set<number>();
  return (asked) => {
    if (sticks(parseQuery(asked.octets).name)) stuck.add(asked.connection);
    if (!stuck.has(asked.connection)) right(asked);
  };
}

/** The longest message that a frame can carry: as many A records as fit, and padding in a last one of another type. */
export const largest: Behaviour = (asked) => asked.send(largestReply(asked.octets));

export function largestReply(octets: Buffer): Buffer {
  const empty = reply(octets).length;
  const one = a(RIGHT).length;
  const count = Math.floor((0xffff - empty) / one) - 1;
  const answers: Buffer[] = Array.from({ length: count }, (_, index) => a(`10.1.${index >> 8}.${index & 0xff}`));
  const left = 0xffff - empty - count * one;
  answers.push(record(QUESTION_NAME, 65_280, 30, Buffer.alloc(left - 12)));
  return reply(octets, { answers });
}

/** An alias for a name that is an alias for the first one, and no address. */
export const cnameLoop: Behaviour = (asked) => {
  const { name } = parseQuery(asked.octets);
  const other = wireName(`loop.${name}`);
  const answers = [record(QUESTION_NAME, types.CNAME, 30, other), record(other, types.CNAME, 30, QUESTION_NAME)];
  asked.send(reply(asked.octets, { answers }));
};

/** An alias for ever another name, one link in each reply. */
export const cnameForEver: Behaviour = (asked) => {
  const { name } = parseQuery(asked.octets);
  const link = Number(/^link(\d+)\./.exec(name)?.[1] ?? 0) + 1;
  const answers = [record(QUESTION_NAME, types.CNAME, 30, wireName(`link${link}.example.test.`))];
  asked.send(reply(asked.octets, { answers }));
};

/** An error without answers: 1 FORMERR, 2 SERVFAIL, 3 NXDOMAIN without SOA, 5 REFUSED. */
export function failing(rcode: number): Behaviour {
  return (asked) => asked.send(reply(asked.octets, { rcode }));
}

/** FORMERR where there is an OPT record, as servers from before EDNS (RFC 6891 §7), else the right answer. */
export const formerrToEdns: Behaviour = (asked) => (parseQuery(asked.octets).edns ? failing(1)(asked) : right(asked));

export function delayed(milliseconds: number, behaviour: Behaviour): Behaviour {
  return (asked) => asked.later(milliseconds, () => behaviour(asked));
}

/** Makes packets from seeds: what arrives when a bit flips, a program errs, or somebody wants it to. */
import type { Random } from './random.ts';

const HEADER_OCTETS = 12;
/** Longest packet that is made for UDP: more than the server reads. */
export const LARGEST_DATAGRAM = 6000;

/** Octets that mean something somewhere in a message: label lengths, pointers, types, classes. */
const TELLING = [0, 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xfe, 0xff];

type Mutation = (packet: Buffer, random: Random, seeds: readonly Buffer[]) => Buffer;

const mutations: readonly Mutation[] = [
  flipBits,
  flipBits,
  setOctets,
  setOctets,
  (packet, random) => packet.subarray(0, random.below(packet.length)),
  (packet, random, seeds) => {
    const other = random.pick(seeds);
    return Buffer.concat([packet.subarray(0, random.below(packet.length)), other.subarray(random.below(other.length))]);
  },
  changeCount,
  insertPointer,
  (packet, random) => insert(packet, random, random.octets(1 + random.below(8))),
  (packet, random) => {
    const at = random.below(packet.length);
    return Buffer.concat([packet.subarray(0, at), packet.subarray(at + 1 + random.below(8))]);
  },
  (packet, random) => {
    const at = random.below(packet.length);
    return insert(packet, random, packet.subarray(at, at + 1 + random.below(40)));
  },
  (packet, random) => {
    const copy = Buffer.from(packet);
    if (copy.length >= 4) copy.writeUInt16BE(random.below(0x10000), 2);
    return copy;
  },
];

/** One packet: a seed as it is, a seed changed up to four times, or nothing but chance. At most `most` octets. */
export function makePacket(random: Random, seeds: readonly Buffer[], most: number): Buffer {
  if (random.once(40)) return random.octets(random.below(Math.min(most, 600)));
  let packet: Buffer = Buffer.from(random.pick(seeds));
  const times = random.below(5);
  for (let i = 0; i < times; i++) packet = random.pick(mutations)(packet, random, seeds);
  if (random.once(60)) packet = Buffer.concat([packet, random.octets(random.below(most))]);
  return Buffer.from(packet.subarray(0, most));
}

function flipBits(packet: Buffer, random: Random): Buffer {
  const copy = Buffer.from(packet);
  if (copy.length === 0) return copy;
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  }
  return copy;
}

function setOctets(packet: Buffer, random: Random): Buffer {
  const copy = Buffer.from(packet);
  // Beyond the end nothing is set.
  for (let i = random.below(3); i >= 0; i--) copy[random.below(copy.length)] = random.pick(TELLING);
  return copy;
}

function changeCount(packet: Buffer, random: Random): Buffer {
  const copy = Buffer.from(packet);
  if (copy.length < HEADER_OCTETS) return copy;
  copy.writeUInt16BE(random.once(3) ? random.below(0x10000) : random.below(4), 4 + 2 * random.below(4));
  return copy;
}

function insertPointer(packet: Buffer, random: Random): Buffer {
  const target = random.once(4) ? random.below(0x4000) : random.below(packet.length);
  return insert(packet, random, Buffer.from([0xc0 | (target >> 8), target & 0xff]));
}

function insert(packet: Buffer, random: Random, what: Buffer): Buffer {
  const at = random.below(packet.length + 1);
  return Buffer.concat([packet.subarray(0, at), what, packet.subarray(at)]);
}

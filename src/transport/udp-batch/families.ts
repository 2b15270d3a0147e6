/**
 * What differs between IPv4 and IPv6 in the ends of a datagram: where addresses stand, and how the system says, and is told, which
 * of the machine's addresses a datagram is for (`IP_PKTINFO`, `IPV6_PKTINFO`; RFC 3542 §6.1).
 */
import type { Family } from '../transport.ts';
import { type AddressTexts, isLinkLocal } from './address-texts.ts';
import {
  AF_INET,
  AF_INET6,
  CMSG,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  IPV6_RECVPKTINFO,
  PKTINFO,
  PKTINFO6,
  SOCKADDR_IN,
  SOCKADDR_IN6,
} from './layout.ts';
import type { EndsShape, Slots } from './slots.ts';

export interface AddressFamily {
  readonly family: Family;
  /** The family's number in C. */
  readonly domain: number;
  /** The ends of datagrams of a socket on one address, and on all. */
  readonly single: EndsShape;
  readonly wildcard: EndsShape;
  /** Level and name of the socket option that asks for control data. */
  readonly packetInfo: readonly [level: number, option: number];
  /**
   * Looks at the control data of a datagram that a wildcard socket received, and makes them those of a reply. False where they do
   * not name an address that can be answered from: a broadcast or multicast address, or none.
   */
  turnAround(slots: Slots, slot: number): boolean;
  clientText(slots: Slots, slot: number, texts: AddressTexts): string;
  /** The address that was asked, of a datagram that has control data. */
  localText(slots: Slots, slot: number, texts: AddressTexts): string;
}

const SINGLE = { controlLength: 0 };

export const ipv4: AddressFamily = {
  family: 4,
  domain: AF_INET,
  single: { ...SINGLE, nameLength: SOCKADDR_IN.size },
  wildcard: { nameLength: SOCKADDR_IN.size, controlLength: PKTINFO.size },
  packetInfo: [IPPROTO_IP, IP_PKTINFO],
  turnAround: (slots, slot) => {
    const at = slots.controlAt(slot);
    if (!hasControl(slots, slot, PKTINFO.length, IPPROTO_IP, IP_PKTINFO)) return false;
    if (slots.word(at + PKTINFO.local) !== slots.word(at + PKTINFO.destination)) return false;
    // The reply may leave through another interface than the one by which the request came: the routes say.
    slots.setWord(at + PKTINFO.interface, 0);
    return true;
  },
  clientText: (slots, slot, texts) => texts.ipv4(slots.word(slots.nameAt(slot) + SOCKADDR_IN.address)),
  localText: (slots, slot, texts) => texts.ipv4(slots.word(slots.controlAt(slot) + PKTINFO.local)),
};

export const ipv6: AddressFamily = {
  family: 6,
  domain: AF_INET6,
  single: { ...SINGLE, nameLength: SOCKADDR_IN6.size },
  wildcard: { nameLength: SOCKADDR_IN6.size, controlLength: PKTINFO6.size },
  packetInfo: [IPPROTO_IPV6, IPV6_RECVPKTINFO],
  turnAround: (slots, slot) => {
    const at = slots.controlAt(slot);
    if (!hasControl(slots, slot, PKTINFO6.length, IPPROTO_IPV6, IPV6_PKTINFO)) return false;
    const first = slots.word(at + PKTINFO6.local);
    if ((first & 0xff) === 0xff) return false;
    // A link-local address means something on its own interface only.
    if (!isLinkLocal(first)) slots.setWord(at + PKTINFO6.interface, 0);
    return true;
  },
  clientText: (slots, slot, texts) => {
    const name = slots.nameAt(slot);
    return text6(slots, name + SOCKADDR_IN6.address, slots.word(name + SOCKADDR_IN6.scope), texts);
  },
  localText: (slots, slot, texts) => {
    const control = slots.controlAt(slot);
    return text6(slots, control + PKTINFO6.local, slots.word(control + PKTINFO6.interface), texts);
  },
};

function text6(slots: Slots, at: number, scope: number, texts: AddressTexts): string {
  return texts.ipv6(slots.word(at), slots.word(at + 4), slots.word(at + 8), slots.word(at + 12), scope);
}

function hasControl(slots: Slots, slot: number, length: number, level: number, type: number): boolean {
  const at = slots.controlAt(slot);
  return (
    slots.controlLength(slot) >= length &&
    slots.word(at + CMSG.length) === length &&
    slots.word(at + CMSG.level) === level &&
    slots.word(at + CMSG.type) === type
  );
}

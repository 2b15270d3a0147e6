/**
 * What every reply has to be, whatever was asked: a response, to be decoded to its last octet by dns2 and by dns-packet.
 * In: the octets of a reply. Out: what is wrong with it, or nothing.
 */
import dnsPacket from 'dns-packet';
import { Packet } from 'dns2';

const HEADER_OCTETS = 12;
const QR = 0x80;
const KEEPALIVE = 11;

/** What a decoder cannot do although the message is right; a complaint of it that `excuses` counts for nothing. */
interface Limit {
  readonly reason: string;
  readonly excuses: (reply: Buffer, complaint: string) => boolean;
}

const dnsPacketLimits: readonly Limit[] = [
  {
    reason:
      'reads two octets of every TCP-KEEPALIVE option, also of one that has a single octet (RFC 7828 has none or two)',
    excuses: (reply, complaint) => /out of range|outside buffer/.test(complaint) && hasShortKeepalive(reply),
  },
];

/** What is wrong with a reply; undefined where nothing is. */
export function complaintAbout(reply: Buffer): string | undefined {
  if (reply.length < HEADER_OCTETS) return `a reply of ${reply.length} octets`;
  if (((reply[2] ?? 0) & QR) === 0) return 'a reply without QR';
  return dns2Complaint(reply) ?? dnsPacketComplaint(reply);
}

function dns2Complaint(reply: Buffer): string | undefined {
  try {
    const [problem] = Packet.parse(reply).errors;
    return problem && `dns2: ${problem.message}`;
  } catch (error) {
    return `dns2: ${String(error)}`;
  }
}

function dnsPacketComplaint(reply: Buffer): string | undefined {
  let complaint: string | undefined;
  try {
    dnsPacket.decode(reply);
    const read = dnsPacket.decode.bytes;
    if (read !== reply.length) complaint = `dns-packet: read ${read} octets of ${reply.length}`;
  } catch (error) {
    complaint = `dns-packet: ${String(error)}`;
  }
  const found = complaint;
  if (found === undefined || dnsPacketLimits.some((limit) => limit.excuses(reply, found))) return undefined;
  return found;
}

function hasShortKeepalive(reply: Buffer): boolean {
  return reply.subarray(0, -1).includes(Buffer.from([0, KEEPALIVE, 0, 1]));
}

/**
 * Records as text, in the form that `presentation.ts` reads (RFC 1035 §5.1, RFC 3597 §5).
 */
import { formatAddress } from './address.ts';
import { Type, className, typeName } from './constants.ts';
import { type Mx, type RRset, type Soa, type Srv, addressSize, recordCount } from './rrset.ts';

/** Record `index` of a set in the form that `parseRecord` reads; undefined where the set has no such record. */
export function formatRecord(set: RRset, index: number): string | undefined {
  if (index < 0 || index >= recordCount(set)) return undefined;
  return `${set.owner.toString()} ${set.ttl} ${className(set.class)} ${typeName(set.type)} ${formatData(set, index)}`;
}

/** `index` is below the set's number of records. */
function formatData(set: RRset, index: number): string {
  switch (set.kind) {
    case 'address': {
      const size = addressSize(set.type);
      return formatAddress(set.octets.subarray(index * size, (index + 1) * size));
    }
    case 'name':
      return String(set.targets[index]);
    case 'srv':
      return set.services
        .slice(index, index + 1)
        .map(formatSrv)
        .join('');
    case 'text':
      return set.texts[index]?.map(quote).join(' ') ?? '';
    case 'mx':
      return set.exchanges
        .slice(index, index + 1)
        .map(formatMx)
        .join('');
    case 'soa':
      return formatSoa(set.soa);
    case 'opaque': {
      const data = set.data[index] ?? new Uint8Array(0);
      return formatKnown(set.type, data) ?? formatGeneric(data);
    }
  }
}

function formatSrv({ priority, weight, port, target }: Srv): string {
  return `${priority} ${weight} ${port} ${target.toString()}`;
}

function formatMx({ preference, exchange }: Mx): string {
  return `${preference} ${exchange.toString()}`;
}

function formatSoa({ primary, mailbox, serial, refresh, retry, expire, minimum }: Soa): string {
  return `${primary.toString()} ${mailbox.toString()} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
}

/** The own form of types that the program holds as octets; undefined where the octets do not fit it. */
function formatKnown(type: number, data: Uint8Array): string | undefined {
  const first = data[0] ?? 0;
  const second = data[1] ?? 0;
  if (type === Type.HINFO) {
    const system = data.subarray(2 + first);
    const whole = data.length >= 2 + first && data[1 + first] === system.length;
    return whole ? `${quote(data.subarray(1, 1 + first))} ${quote(system)}` : undefined;
  }
  if (type !== Type.CAA || data.length < 2 + second) return undefined;
  const tag = Buffer.from(data.subarray(2, 2 + second)).toString('latin1');
  return /^[0-9a-z]+$/i.test(tag) ? `${first} ${tag} ${quote(data.subarray(2 + second))}` : undefined;
}

function formatGeneric(data: Uint8Array): string {
  return data.length === 0 ? '\\# 0' : `\\# ${data.length} ${Buffer.from(data).toString('hex')}`;
}

/** A character string in quotes; octets that are no printable ASCII as `\123`. */
function quote(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`;
  }
  return `${text}"`;
}

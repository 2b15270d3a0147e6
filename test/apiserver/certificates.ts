/**
 * Certificates made on the spot (RFC 5280), so that a test can have several authorities and change them: Node makes keys
 * and signatures, and what lies between is a little DER (X.690). For tests alone: keys on P-256, valid from 2020 to 2120.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface KeyPair {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface Subject {
  readonly commonName: string;
  /** Groups of a client. */
  readonly organizations?: readonly string[];
  /** Host names and addresses of a server. */
  readonly hosts?: readonly string[];
}

/** Someone who signs certificates. */
export class Authority {
  /** PEM. */
  readonly cert: string;
  readonly #key: KeyObject;
  readonly #name: Buffer;

  constructor(commonName: string) {
    const { publicKey, privateKey } = newKey();
    this.#key = privateKey;
    this.#name = distinguishedName({ commonName });
    const extensions = [
      extension(OID.basicConstraints, sequence(der(0x01, Buffer.of(0xff)))),
      // keyCertSign and cRLSign
      extension(OID.keyUsage, der(0x03, Buffer.of(1, 0x06))),
    ];
    this.cert = this.#certify(this.#name, publicKey, extensions);
  }

  issue(subject: Subject): KeyPair {
    const { publicKey, privateKey } = newKey();
    const hosts = subject.hosts ?? [];
    const extensions = [
      extension(OID.basicConstraints, sequence()),
      extension(OID.extendedKeyUsage, sequence(oid(hosts.length > 0 ? OID.serverAuth : OID.clientAuth))),
      ...(hosts.length > 0 ? [extension(OID.subjectAltName, sequence(...hosts.map(generalName)))] : []),
    ];
    return {
      cert: this.#certify(distinguishedName(subject), publicKey, extensions),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    };
  }

  #certify(subject: Buffer, publicKey: KeyObject, extensions: readonly Buffer[]): string {
    const algorithm = sequence(oid(OID.ecdsaWithSha256));
    const serial = Buffer.concat([Buffer.of(0x01), randomBytes(15)]);
    const toSign = sequence(
      der(0xa0, der(0x02, Buffer.of(2))),
      der(0x02, serial),
      algorithm,
      this.#name,
      sequence(der(0x18, Buffer.from('20200101000000Z')), der(0x18, Buffer.from('21200101000000Z'))),
      subject,
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions)),
    );
    const signature = sign('sha256', toSign, this.#key);
    return pem(sequence(toSign, algorithm, der(0x03, Buffer.of(0), signature)));
  }
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

function newKey(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** One element: tag, length, contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 255), content]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const octets = [first * 40 + second];
  for (const part of rest) {
    const digits = [part & 127];
    for (let left = part >>> 7; left > 0; left >>>= 7) digits.unshift((left & 127) | 128);
    octets.push(...digits);
  }
  return der(0x06, Buffer.from(octets));
}

function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    der(0x31, sequence(oid(type), der(0x0c, Buffer.from(value))));
  return sequence(
    ...organizations.map((name) => attribute(OID.organization, name)),
    attribute(OID.commonName, commonName),
  );
}

function extension(type: string, value: Buffer): Buffer {
  return sequence(oid(type), der(0x04, value));
}

/** A host in `subjectAltName`: an address as its octets, anything else as a DNS name. */
function generalName(host: string): Buffer {
  switch (isIP(host)) {
    case 4:
      return der(0x87, Buffer.from(host.split('.').map(Number)));
    case 6:
      return der(0x87, ipv6Octets(host));
    default:
      return der(0x82, Buffer.from(host));
  }
}

function ipv6Octets(host: string): Buffer {
  const [head = '', tail] = host.split('::');
  const groups = (text: string | undefined): readonly string[] => (text ? text.split(':') : []);
  const [first, last] = [groups(head), groups(tail)];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => '0');
  const octets = [...first, ...zeros, ...last].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return Buffer.from(octets);
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

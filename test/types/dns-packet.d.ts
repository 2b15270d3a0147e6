/** What the tests use of dns-packet 5.6.1, which brings no types. */
declare module 'dns-packet' {
  export interface Question {
    readonly name: string;
    readonly type: string;
    readonly class?: string;
  }

  export interface Option {
    readonly code: number;
    readonly data: Buffer;
  }

  /** An OPT record; `udpPayloadSize` 0 is encoded as 4096. */
  export interface OptRecord {
    readonly type: 'OPT';
    readonly name: '.';
    readonly udpPayloadSize: number;
    readonly extendedRcode: number;
    readonly ednsVersion: number;
    /** The lower 16 bits of the TTL: DO and Z. */
    readonly flags: number;
    readonly options: readonly Option[];
  }

  export interface SrvData {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  }

  export interface SoaData {
    readonly mname: string;
    readonly rname: string;
    readonly serial: number;
    readonly refresh: number;
    readonly retry: number;
    readonly expire: number;
    readonly minimum: number;
  }

  export interface MxData {
    readonly preference: number;
    readonly exchange: string;
  }

  interface RecordOf<T extends string, D> {
    readonly name: string;
    readonly type: T;
    readonly class: string;
    readonly ttl: number;
    readonly data: D;
  }

  /** Records of the types that the tests meet. Names have no final dot, but the root is `.`; an unknown type is `UNKNOWN_65280`. */
  export type DataRecord =
    | RecordOf<'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS', string>
    | RecordOf<'SRV', SrvData>
    | RecordOf<'SOA', SoaData>
    | RecordOf<'MX', MxData>
    | RecordOf<'TXT', readonly Buffer[]>;

  export type ResourceRecord = DataRecord | OptRecord;

  export interface DecodedPacket {
    readonly id: number;
    /** The second word of the header without QR. */
    readonly flags: number;
    readonly flag_qr: boolean;
    readonly opcode: string;
    readonly rcode: string;
    readonly questions: readonly Question[];
    readonly answers: readonly ResourceRecord[];
    readonly authorities: readonly ResourceRecord[];
    readonly additionals: readonly ResourceRecord[];
  }

  export interface OutgoingPacket {
    readonly id?: number;
    readonly type?: 'query' | 'response';
    /** The second word of the header; the opcode in bits 11 to 14. */
    readonly flags?: number;
    readonly questions?: readonly Question[];
    readonly answers?: readonly ResourceRecord[];
    readonly authorities?: readonly ResourceRecord[];
    readonly additionals?: readonly ResourceRecord[];
  }

  /** Throws where the message does not decode. `decode.bytes` is the number of octets that the last call read. */
  export const decode: { (buffer: Buffer): DecodedPacket; bytes: number };
  export function encode(packet: OutgoingPacket): Buffer;
  export const name: {
    encode: { (name: string): Buffer };
  };

  const packet: { readonly decode: typeof decode; readonly encode: typeof encode; readonly name: typeof name };
  export default packet;
}

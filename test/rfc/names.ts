/** The names and pointers of a message as octets (RFC 1035 §4.1.4), read without any code of the server. */

/** One name where it stands: its labels up to a pointer or the root, and where the pointer leads. */
export interface WrittenName {
  readonly at: number;
  readonly labels: readonly string[];
  readonly pointer: number | undefined;
  readonly end: number;
}

export function readName(message: Buffer, at: number): WrittenName {
  const labels: string[] = [];
  let end = at;
  for (;;) {
    const length = message.readUInt8(end);
    if (length >= 0xc0) return { at, labels, pointer: message.readUInt16BE(end) & 0x3fff, end: end + 2 };
    if (length > 63) throw new Error(`a label of type ${length >> 6} at ${end}`);
    end += 1;
    if (length === 0) return { at, labels, pointer: undefined, end };
    labels.push(message.toString('latin1', end, end + length));
    end += length;
  }
}

/** The names of the question and the owners of all records, in their order. Throws where a record leaves the message. */
export function writtenNames(message: Buffer): readonly WrittenName[] {
  const names: WrittenName[] = [];
  let at = 12;
  const next = (): void => {
    const name = readName(message, at);
    names.push(name);
    at = name.end;
  };
  for (let left = message.readUInt16BE(4); left > 0; left--) {
    next();
    at += 4;
  }
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let left = records; left > 0; left--) {
    next();
    at += 10 + message.readUInt16BE(at + 8);
  }
  if (at !== message.length) throw new Error(`the records end at ${at} of ${message.length} octets`);
  return names;
}

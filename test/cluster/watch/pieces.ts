/** Octets cut into chunks of these sizes, over and over; one chunk where there are none. */
export function pieces(octets: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const usable = sizes.filter((size) => size > 0);
  if (usable.length === 0) return [octets];
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < octets.length; i++) {
    const size = usable[i % usable.length] ?? octets.length;
    // Chunks of a socket are buffers of their own.
    chunks.push(Buffer.from(octets.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

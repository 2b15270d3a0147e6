/**
 * Where things stand in a message that was written, for whoever sends its octets again: what changes with time or with the one
 * who asks. Offsets are from the beginning of the message.
 */
import type { SerialSource } from './rrset.ts';

/** TTLs that count down are noted for so many records. */
const MOST_AGING = 64;

export class Marks {
  /** The OPT record; 0 where there is none. */
  opt = 0;
  /** The serial of the SOA record that says where it was read; 0 where there is none. */
  serial = 0;
  serialSource: SerialSource | undefined;
  /** The TTLs of aging records: the first `agingCount` count. */
  readonly aging = new Uint16Array(MOST_AGING);
  agingCount = 0;
  /** The data of the first address record of the answer section, from each to the next, and how many were written there. */
  firstAddress = 0;
  addressStride = 0;
  addressCount = 0;
  #complete = true;
  #lastAddress = 0;

  /** Begins a message. */
  reset(): void {
    this.opt = 0;
    this.serial = 0;
    this.serialSource = undefined;
    this.agingCount = 0;
    this.firstAddress = 0;
    this.addressStride = 0;
    this.addressCount = 0;
    this.#complete = true;
    this.#lastAddress = 0;
  }

  /** False where there was more to note than there is room for, or addresses that are not equally far from each other. */
  get complete(): boolean {
    return this.#complete;
  }

  noteSerial(at: number, source: SerialSource): void {
    if (this.serial !== 0) this.#complete = false;
    this.serial = at;
    this.serialSource = source;
  }

  noteAging(ttlAt: number): void {
    if (this.agingCount === MOST_AGING) this.#complete = false;
    else this.aging[this.agingCount++] = ttlAt;
  }

  noteAddress(dataAt: number): void {
    const stride = dataAt - this.#lastAddress;
    this.#lastAddress = dataAt;
    this.addressCount++;
    if (this.addressCount === 1) this.firstAddress = dataAt;
    else if (this.addressCount === 2) this.addressStride = stride;
    else if (stride !== this.addressStride) this.#complete = false;
  }
}

/**
 * Where things stand in a message that was written, for whoever sends its octets again: what changes with time or with the one
 * who asks. Offsets are from the beginning of the message.
 */
import type { SerialSource } from './rrset.ts';

/** TTLs that count down are noted for so many records. */
const MOST_AGING = 64;
/** So many addresses of the additional section. */
const MOST_GLUE = 64;
/** The two highest bits of a pointer; the others are where it leads (RFC 1035 §4.1.4). */
const POINTER = 0xc000;

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
  /**
   * The address records of the additional section: where each begins, and behind the last of them, where that ends. The first
   * `glueCount` and the end of the last count.
   */
  readonly glue = new Uint16Array(MOST_GLUE + 1);
  glueCount = 0;
  /**
   * True where these records may change places: the section has all of its records and no others, and none of them has a name that
   * points to another. So it is of a section without records, and of one that was not begun, since the message was full.
   */
  glueIsLoose = true;
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
    this.glueCount = 0;
    this.glueIsLoose = true;
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

  /**
   * @param start of the record
   * @param end behind it
   * @param ownerEnd the last two octets of its owner, which may be a pointer
   */
  noteGlue(start: number, end: number, ownerEnd: number): void {
    if (this.glueCount === MOST_GLUE) {
      this.glueIsLoose = false;
      return;
    }
    this.glue[this.glueCount++] = start;
    this.glue[this.glueCount] = end;
    if (ownerEnd >= POINTER && ownerEnd - POINTER >= (this.glue[0] ?? 0)) this.glueIsLoose = false;
  }

  /**
   * Ends the additional section, where it was begun.
   *
   * @param records that were written there
   * @param isCut whether one of them had no room
   */
  endGlue(records: number, isCut: boolean): void {
    if (isCut || records !== this.glueCount) this.glueIsLoose = false;
  }
}

/**
 * A new order of addresses in octets that are sent again: every order is as likely as any other, whatever the order was before, since
 * each step of a Fisher–Yates shuffle takes any of those that are left. So the last client's order can be the beginning of the
 * next one's, and only as many are drawn as are sent.
 *
 * Addresses lie at whole words, `width` words each, from one to the next `stride` words. `Math.random` does for this: who gets which
 * of equal endpoints is no secret.
 */

/** Draws all of `count` addresses, which stand in records of a message. */
export function drawInPlace(words: Int32Array, at: number, stride: number, width: number, count: number): void {
  for (let left = count, to = at; left > 1; left--, to += stride) {
    swap(words, to, to + Math.floor(Math.random() * left) * stride, width);
  }
}

/** Where a message shows fewer addresses than there are. Places are in words. */
export interface Window {
  /** All addresses, one behind the other. */
  readonly all: number;
  readonly total: number;
  /** The first of those in the message, from one to the next, and how many there are. */
  readonly at: number;
  readonly stride: number;
  readonly shown: number;
  readonly width: number;
}

/** Draws the addresses that are shown from all that there are. */
export function drawWindow(words: Int32Array, { all, total, at, stride, shown, width }: Window): void {
  for (let i = 0; i < shown; i++) {
    const drawn = all + i * width;
    swap(words, drawn, drawn + Math.floor(Math.random() * (total - i)) * width, width);
    for (let word = 0; word < width; word++) words[at + i * stride + word] = words[drawn + word] ?? 0;
  }
}

function swap(words: Int32Array, one: number, other: number, width: number): void {
  for (let word = 0; word < width; word++) {
    const moved = words[one + word] ?? 0;
    words[one + word] = words[other + word] ?? 0;
    words[other + word] = moved;
  }
}

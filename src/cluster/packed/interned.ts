/** Texts of which there are few and which come again and again, by number: one stays as long as somebody uses it. */

interface Interned {
  text: string;
  uses: number;
}

export class InternedTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: Interned[] = [];
  readonly #free: number[] = [];

  /** The number of a text, from 0: for one more user, who lets go of it by `release`. */
  use(text: string): number {
    const known = this.#numbers.get(text);
    const held = known === undefined ? undefined : this.#texts[known];
    if (known !== undefined && held !== undefined) {
      held.uses++;
      return known;
    }
    const number = this.#free.pop() ?? this.#texts.length;
    this.#texts[number] = { text, uses: 1 };
    this.#numbers.set(text, number);
    return number;
  }

  /** The text of a number that is in use. */
  at(number: number): string {
    return this.#texts[number]?.text ?? '';
  }

  release(number: number): void {
    const held = this.#texts[number];
    if (held === undefined || --held.uses > 0) return;
    this.#numbers.delete(held.text);
    held.text = '';
    this.#free.push(number);
  }
}

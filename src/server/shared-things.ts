/**
 * What outlives a reload: caches, connections to upstreams, the verdict on their health. Each is known by a key that says
 * all that it was made from, so that the next generation finds it if its settings are the same. It is closed when the
 * last generation that holds it lets go.
 */
import type { Closable, Kind } from '../plugins/plugin.ts';

interface Entry {
  readonly thing: Closable;
  holders: number;
}

export class SharedThings {
  readonly #entries = new Map<string, Entry>();

  /** The thing of this kind and key, made if there is none, and how to let it go. */
  hold<T extends Closable>(kind: Kind<T>, key: string, create: () => T): { readonly thing: T; release: () => void } {
    const id = `${kind.name} ${key}`;
    const known = this.#entries.get(id);
    const thing = known?.thing instanceof kind ? known.thing : create();
    const entry = known?.thing === thing ? known : { thing, holders: 0 };
    this.#entries.set(id, entry);
    entry.holders++;
    let held = true;
    return {
      thing,
      release: () => {
        if (!held) return;
        held = false;
        entry.holders--;
        if (entry.holders > 0) return;
        if (this.#entries.get(id) === entry) this.#entries.delete(id);
        entry.thing.close();
      },
    };
  }
}

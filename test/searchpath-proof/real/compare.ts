/** A transcript of a real resolver beside what its state machine does on the same walks. */
import type { Family, StubResolver, Wire } from '../stub.ts';
import { Scenarios, conf } from './scenarios.ts';
import type { Transcript, Walked } from './transcript.ts';

function walkAgain(name: string, scenarios: Scenarios, resolver: StubResolver, first: Family): Walked {
  const asked = new Set<string>();
  const wire: Wire = {
    ask(full, family) {
      asked.add(full);
      return scenarios.reactionTo(full, family);
    },
    first: () => first,
  };
  const outcome = resolver(name, conf, wire);
  return { name, asked: [...asked], outcome };
}

export interface Difference {
  readonly real: Walked;
  readonly machine: Walked;
}

/** @param races the order of two replies is not kept by the resolver: either is right */
export function differences({ seed, walks }: Transcript, resolver: StubResolver, races = false): readonly Difference[] {
  const scenarios = new Scenarios(seed, walks.length);
  return walks.flatMap((real) => {
    const first = scenarios.firstOf(real.name);
    const orders: readonly Family[] = races ? [first, first === 4 ? 6 : 4] : [first];
    const machines = orders.map((order) => walkAgain(real.name, scenarios, resolver, order));
    const [machine] = machines;
    if (machine === undefined || machines.some((one) => JSON.stringify(one) === JSON.stringify(real))) return [];
    return [{ real, machine }];
  });
}

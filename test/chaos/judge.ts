/**
 * Whether an answer may be. It must be the answer for some version of what it rests on, of
 *
 *     no earlier than   what was delivered to the program when the question left (and a moment before: `Delivered`)
 *                       what an answer of this name has already shown, for a question that left after it
 *                       what the cluster was when the program was started, unless the answer says that it is stale
 *     no later than     what the cluster is when the answer arrives
 *
 * Namespaces, Services and EndpointSlices come in streams of their own, so that each may be at another place. After a start from
 * a snapshot the place in a stream is that of the snapshot until a list has been delivered.
 */
import { type Question, expectedAnswer, questionName } from './expected.ts';
import {
  type Endpoints,
  NOWHERE,
  type Places,
  RESOURCES,
  type Service,
  type ServiceHistory,
  type Versions,
} from './history.ts';
import type { ReadReply } from './message.ts';

/** What has certainly arrived at the program. */
export interface Delivered {
  /** The last change of each stream since the program was started, 0 before its list is whole. */
  places(): Places;
}

/** What was known when a question left. */
export interface Mark {
  readonly epoch: number;
  readonly delivered: Places;
  readonly shown: Shown;
  readonly snapshot: Places | undefined;
  readonly started: Places;
}

/** The earliest versions that the answers so far leave possible. */
interface Shown {
  readonly exists: number;
  readonly service: number;
  readonly endpoints: number;
}

const NOTHING_SHOWN: Shown = { exists: 0, service: 0, endpoints: 0 };

export type Fault =
  /** NXDOMAIN for a name that existed at all the times in question. */
  | 'no-name'
  /** SERVFAIL although the program has the cluster, or had it in a snapshot. */
  | 'failure'
  /** Says that it is stale although everything has been delivered, or that it is of another kind than it is. */
  | 'mark'
  /** The answer of no version in question. */
  | 'wrong';

export interface Violation {
  readonly fault: Fault;
  readonly name: string;
  readonly got: string;
  /** What would have been right, and why. */
  readonly context: string;
}

export class Judge {
  readonly #delivered: Delivered;
  #shown = new Map<ServiceHistory, Shown>();
  #epoch = 0;
  #snapshot: Places | undefined;
  #started: Places = NOWHERE;
  /** Answers that were compared, and those for which one version was in question alone. */
  readonly counts = { compared: 0, single: 0 };

  constructor(delivered: Delivered) {
    this.#delivered = delivered;
  }

  /**
   * The program is started anew.
   * @param started what the cluster is now
   * @param snapshot what the snapshot has that it will find; undefined where there is none
   */
  restarted(started: Places, snapshot: Places | undefined): void {
    this.#epoch++;
    this.#shown = new Map();
    this.#snapshot = snapshot;
    this.#started = started;
  }

  /** A question leaves now. */
  asking({ of }: Question): Mark {
    return {
      epoch: this.#epoch,
      delivered: this.#delivered.places(),
      shown: this.#shown.get(of) ?? NOTHING_SHOWN,
      snapshot: this.#snapshot,
      started: this.#started,
    };
  }

  /** Its answer arrives now. Returns what is wrong with it. */
  judge(question: Question, mark: Mark, reply: ReadReply): Violation | undefined {
    const { delivered, snapshot } = mark;
    const isInStep = RESOURCES.every((resource) => delivered[resource] > 0);
    const violation = (fault: Fault, context: string): Violation => ({
      fault,
      name: questionName(question),
      got: `${reply.text}${reply.isStale ? ' (stale)' : ''}`,
      context,
    });
    if (reply.rcode === 'SERVFAIL') {
      if (!isInStep && snapshot === undefined) return undefined;
      return violation('failure', isInStep ? 'the cluster has been delivered' : 'there is a snapshot');
    }
    if (reply.isStale && (isInStep || snapshot === undefined)) {
      return violation('mark', isInStep ? 'the cluster has been delivered' : 'there was no snapshot');
    }
    if (reply.hasWrongCode) return violation('mark', 'the code is that of the other kind of answer');
    return this.#compare(question, mark, reply, violation);
  }

  #compare(
    question: Question,
    mark: Mark,
    reply: ReadReply,
    violation: (fault: Fault, context: string) => Violation,
  ): Violation | undefined {
    const { of, aspect } = question;
    const first = earliest(of, mark, reply.isStale);
    this.counts.compared++;
    if (first.exists === of.exists.last && first.service === of.service.last && first.endpoints === of.endpoints.last) {
      this.counts.single++;
    }
    // What an answer shows is weighed without what its mark alone says: it need not rest on all three.
    const base = earliest(of, mark, true);
    let shown: Shown | undefined;
    let isRight = false;
    let existed = true;
    for (let exists = base.exists; exists <= of.exists.last; exists++) {
      for (let service = base.service; service <= of.service.last; service++) {
        for (let endpoints = base.endpoints; endpoints <= of.endpoints.last; endpoints++) {
          const right = expectedAnswer(
            aspect,
            of.exists.at(exists),
            of.service.at(service),
            of.endpoints.at(endpoints),
          );
          const counts = exists >= first.exists && service >= first.service && endpoints >= first.endpoints;
          if (counts && right.startsWith('NXDOMAIN')) existed = false;
          if (right !== reply.text) continue;
          isRight ||= counts;
          shown = lower(shown, { exists, service, endpoints });
        }
      }
    }
    if (!isRight || shown === undefined) {
      return violation(reply.rcode === 'NXDOMAIN' && existed ? 'no-name' : 'wrong', contextOf(of, first, mark));
    }
    if (mark.epoch === this.#epoch) this.#shown.set(of, higher(this.#shown.get(of) ?? NOTHING_SHOWN, shown));
    return undefined;
  }
}

/** The first versions in question. */
function earliest(of: ServiceHistory, mark: Mark, isStale: boolean): Shown {
  const { delivered, snapshot, started, shown } = mark;
  const place = (resource: keyof Places): number =>
    Math.max(delivered[resource], isStale ? (snapshot?.[resource] ?? 0) : started[resource]);
  return higher(shown, {
    exists: of.exists.indexAt(place('namespaces')),
    service: of.service.indexAt(place('services')),
    endpoints: of.endpoints.indexAt(place('endpointslices')),
  });
}

function higher(a: Shown, b: Shown): Shown {
  return {
    exists: Math.max(a.exists, b.exists),
    service: Math.max(a.service, b.service),
    endpoints: Math.max(a.endpoints, b.endpoints),
  };
}

function lower(a: Shown | undefined, b: Shown): Shown {
  if (a === undefined) return b;
  return {
    exists: Math.min(a.exists, b.exists),
    service: Math.min(a.service, b.service),
    endpoints: Math.min(a.endpoints, b.endpoints),
  };
}

function contextOf(of: ServiceHistory, first: Shown, { delivered, shown }: Mark): string {
  const part = <T>(what: string, versions: Versions<T>, from: number, text: (value: T) => string): string =>
    `${what} ${versions.describe(Math.max(0, from - 1), text)} (from ${versions.at(from) === undefined ? 'none' : text(versions.at(from))} on)`;
  return [
    `delivered ${RESOURCES.map((resource) => `${resource} ${delivered[resource]}`).join(', ')}; shown ${JSON.stringify(shown)}`,
    part('namespace', of.exists, first.exists, (exists) => (exists ? 'there' : 'gone')),
    part('Service', of.service, first.service, serviceText),
    part('endpoints', of.endpoints, first.endpoints, endpointsText),
  ].join('\n    ');
}

function serviceText(service: Service | undefined): string {
  if (service === undefined) return 'gone';
  const { kind, address, target, port } = service;
  return `${kind} ${address}${target} ${port.name}/${port.number}`;
}

function endpointsText(endpoints: Endpoints): string {
  return endpoints.map(({ address, port }) => `${address}:${port}`).join(' ') || 'none';
}

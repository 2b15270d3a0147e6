/**
 * Room for the queries of the process that wait for upstreams: so many in all, and fewer for each line of `forward` where
 * there are several. In: queries as they begin. Out: who goes where there is no room.
 *
 *     makeRoom ──► the line has all that it may ──► the oldest of the line goes
 *             └──► the process has              ──► the oldest of all goes     younger than MATURE: the new one goes
 *
 * What upstreams answer at all they answer soon. So the oldest is the one that will most likely never be answered, and a
 * flood of questions without answers holds up nobody else. Everything here takes the same time however many wait.
 */
import { bounds } from '../../bounds.ts';
import type { Failure } from '../answer.ts';
import type { BoundsReached } from './limits.ts';

/** Milliseconds that each query may wait in any case. */
const MATURE = 100;

/** A query that waits for upstreams. */
export interface Tenant {
  /** By the monotonic clock. */
  readonly started: number;
  /** Belongs to its share. */
  place: Place | undefined;
  /** Ends it: its clients get this answer if there is none better. It leaves its share before this returns. */
  oust(answer: Failure): void;
}

/** Where a query stands among those of its line, and of all. */
export interface Place {
  readonly ofLine: Link;
  readonly ofAll: Link;
}

interface Link {
  readonly tenant: Tenant;
  older: Link | undefined;
  younger: Link | undefined;
}

export class Places {
  readonly limits: BoundsReached;
  readonly all = new Row();
  /** Lines that have a share. */
  lines = 0;

  constructor(limits: BoundsReached) {
    this.limits = limits;
  }

  /** For one line of `forward`, until it is closed. */
  share(): Share {
    this.lines++;
    return new Share(this);
  }
}

/** The places of one line. */
export class Share {
  readonly #places: Places;
  readonly #own = new Row();

  constructor(places: Places) {
    this.#places = places;
  }

  /** Sees to it that there is a place; otherwise gives the failure that the new query gets instead. */
  makeRoom(now: number): Failure | undefined {
    const { all, lines, limits } = this.#places;
    const ownFull = lines > 1 && this.#own.count >= bounds.upstreamQueriesPerLine;
    if (!ownFull && all.count < bounds.upstreamQueries) return undefined;
    const failed = limits.reach(ownFull ? 'upstreamQueriesPerLine' : 'upstreamQueries');
    const oldest = (ownFull ? this.#own : all).oldest;
    if (oldest === undefined || now - oldest.started < MATURE) return failed;
    oldest.oust(failed);
    return undefined;
  }

  /** Half of the places of the process are taken. */
  get crowded(): boolean {
    return this.#places.all.count > bounds.upstreamQueries / 2;
  }

  enter(tenant: Tenant): void {
    tenant.place = { ofLine: this.#own.add(tenant), ofAll: this.#places.all.add(tenant) };
  }

  leave(tenant: Tenant): void {
    if (tenant.place === undefined) return;
    this.#own.remove(tenant.place.ofLine);
    this.#places.all.remove(tenant.place.ofAll);
    tenant.place = undefined;
  }

  /** No more come; those that are in it stay to their end. */
  close(): void {
    this.#places.lines--;
  }
}

/** Queries in the order in which they came. */
class Row {
  #oldest: Link | undefined;
  #youngest: Link | undefined;
  count = 0;

  get oldest(): Tenant | undefined {
    return this.#oldest?.tenant;
  }

  add(tenant: Tenant): Link {
    const link: Link = { tenant, older: this.#youngest, younger: undefined };
    if (this.#youngest === undefined) this.#oldest = link;
    else this.#youngest.younger = link;
    this.#youngest = link;
    this.count++;
    return link;
  }

  remove(link: Link): void {
    const { older, younger } = link;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    // A link that has become old would otherwise keep all that came after it from being collected while they are young.
    link.older = undefined;
    link.younger = undefined;
    this.count--;
  }
}

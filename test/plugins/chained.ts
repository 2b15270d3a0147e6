/** Directives of one block as a chain, over a cluster and a world outside that a test holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { Name } from '../../src/dns/name.ts';
import type { Answer } from '../../src/plugins/answer.ts';
import type { Plugin, PluginDirective } from '../../src/plugins/plugin.ts';
import type { Query } from '../../src/plugins/query.ts';
import { linkChain } from '../../src/server/chain.ts';
import { Router } from '../../src/server/router.ts';
import { read } from './cluster.ts';
import { type QueryOptions, type TestHost, makeHost, makeQuery, textOf } from './support.ts';

export interface Chained {
  readonly state: ClusterState;
  readonly host: TestHost;
  readonly query: (name: string, type?: string, options?: QueryOptions) => Query;
  readonly answer: (query: Query) => Promise<Answer>;
  /** The answer section; of a reply with another response code than NOERROR that, and of a failure what `textOf` says. */
  readonly ask: (name: string, type?: string, options?: QueryOptions) => Promise<readonly string[]>;
  /** The value of a metric; undefined where it has no series. */
  readonly metric: (name: string) => number | undefined;
}

export interface ChainedOptions {
  readonly zones?: readonly string[];
  readonly ownAddresses?: readonly Uint8Array[];
}

/** @param directives those of the block that are in the chain, from the top */
export async function chained(
  lines: string,
  directives: readonly PluginDirective[],
  below: readonly Plugin[],
  options: ChainedOptions = {},
): Promise<Chained> {
  const facts = new FactCounters();
  const state = new ClusterState(facts, () => 1_000_000);
  const lease = {
    state,
    known: Promise.resolve(),
    flush: (): Promise<void> => Promise.resolve(),
    release: (): void => undefined,
  };
  const host = makeHost({
    facts,
    ownAddresses: () => options.ownAddresses ?? [],
    stores: { acquire: () => Promise.resolve(lease) },
  });
  const setups = directives.flatMap((directive) => {
    const { setup, problems } = read(directive, lines, options);
    if (setup === undefined) throw new Error(problems.join('\n'));
    return setup;
  });
  const running = await Promise.all(setups.map(async (setup) => setup.create(host)));
  onTestFinished(() => {
    for (const one of running) one.close?.();
  });
  const chain = linkChain([...running.flatMap(({ plugin }) => plugin ?? []), ...below]);
  const router = new Router([{ zone: Name.root, chain, anyClass: true }], 'dns://:53');
  const query = (name: string, type = 'A', more: QueryOptions = {}): Query =>
    makeQuery(name, type, { facts, resolver: router, ...more });
  const answer = async (asked: Query): Promise<Answer> => router.resolve(asked);
  return {
    state,
    host,
    query,
    answer,
    ask: async (name, type, more) => {
      const text = textOf(await answer(query(name, type, more)));
      if (typeof text === 'string') return [text];
      return text.rcode === 'NOERROR' ? text.answers : [text.rcode];
    },
    metric: (name) => {
      const value = host.metrics
        .render()
        .split('\n')
        .find((line) => line.startsWith(`${name}{`))
        ?.split(' ')
        .at(-1);
      return value === undefined ? undefined : Number(value);
    },
  };
}

/** The path of a file with this text, which is there until the test is over. */
export function temporaryFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'resolv.conf');
  writeFileSync(path, text);
  return path;
}

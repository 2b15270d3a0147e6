/**
 * Runs groups of cases as tests over whatever answers them: the pipeline in this process, the program over sockets, a
 * store fed by an API server. In: groups, and a way to start a server for a setup. Out: one test for each case.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { Case, Group, Rule, Setup } from './case.ts';
import { compare } from './compare.ts';
import type { SerialCheck } from './reply.ts';
import { requestOf } from './request.ts';

/** Something that answers DNS messages for one setup. */
export interface Answerer {
  /** Undefined for no reply. */
  ask(request: Uint8Array, protocol: 'udp' | 'tcp'): Promise<Uint8Array | undefined>;
  /** What the zone's serial may be; it is the time of the last change. */
  readonly isSerial: SerialCheck;
  close(): Promise<void>;
}

export type StartAnswerer = (setup: Setup) => Promise<Answerer>;

/** Declares a test for each case. Servers start when they are first needed, one for each distinct setup. */
export function runGroups(groups: readonly Group[], start: StartAnswerer): void {
  const servers = new Map<string, Promise<Answerer>>();
  afterAll(async () => {
    const started = await Promise.allSettled(servers.values());
    await Promise.all(started.flatMap((server) => (server.status === 'fulfilled' ? [server.value.close()] : [])));
  });
  const serverFor = (setup: Setup): Promise<Answerer> => {
    const key = JSON.stringify(setup);
    const server = servers.get(key) ?? start(setup);
    servers.set(key, server);
    return server;
  };
  for (const group of groups) {
    describe.concurrent(group.name, () => {
      for (const rule of group.rules) {
        describe(rule.rule, () => {
          for (const testCase of rule.cases) {
            test(titleOf(testCase), async () => {
              const server = await serverFor(setupOf(group, rule));
              const request = requestOf(testCase);
              const reply = await server.ask(request, testCase.protocol ?? 'udp');
              const { expected, actual } = compare(testCase, request, reply, server.isSerial);
              expect(actual).toBe(expected);
            });
          }
        });
      }
    });
  }
}

/** The groups with nothing left but the rules that belong to the sample for real sockets. */
export function sampleOf(groups: readonly Group[]): readonly Group[] {
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => rule.e2e === true) }))
    .filter((group) => group.rules.length > 0);
}

/** What the rule is tried on: its own Corefile, manifests and addresses, or the group's. */
export function setupOf(group: Group, rule: Rule): Setup {
  const ownAddresses = rule.ownAddresses ?? group.setup.ownAddresses;
  return {
    corefile: rule.corefile ?? group.setup.corefile,
    manifests: rule.manifests ?? group.setup.manifests,
    ...(ownAddresses === undefined ? {} : { ownAddresses }),
  };
}

/** What sets the case apart from the others of its rule. */
export function titleOf(testCase: Case): string {
  const note = testCase.note === undefined ? [] : [testCase.note];
  const protocol = testCase.protocol === 'tcp' ? ['over TCP'] : [];
  return [...('ask' in testCase ? [testCase.ask] : []), ...protocol, ...note].join(', ');
}

/**
 * The state machines of `glibc.ts`, `musl.ts` and `go.ts` do on 1,000 random walks what the resolvers themselves do: they ask for the
 * same names in the same order, and come to the same.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commands, describeWith, right } from '../e2e/needs.ts';
import { glibc } from './glibc.ts';
import { go } from './go.ts';
import { musl } from './musl.ts';
import { differences } from './real/compare.ts';
import { walkWith } from './real/real.ts';
import { readTranscript, writeTranscript } from './real/transcript.ts';

const WALKS = 1_000;
const TIME = 120_000;

const inNamespace =
  commands('unshare', 'ip', 'mount') ??
  right('a network and mount namespace', 'unshare', '--map-root-user', '--net', '--mount', 'true');

/** No reason for CI to fail: walks of Go's are kept. */
const withoutGo = commands('go') ?? inNamespace;
if (withoutGo !== undefined) console.warn(`Go itself: skipped, ${withoutGo}; its kept walks are looked at`);

describeWith('glibc', inNamespace ?? commands('cc'), () => {
  it(
    'walks as its state machine does',
    () => {
      expect(differences(walkWith('glibc', 1, WALKS), glibc)).toEqual([]);
    },
    TIME,
  );
});

describeWith('musl', inNamespace ?? commands('musl-gcc'), () => {
  it(
    'walks as its state machine does',
    () => {
      expect(differences(walkWith('musl', 1, WALKS), musl)).toEqual([]);
    },
    TIME,
  );
});

describeWith('Go', undefined, () => {
  const kept = readFileSync(new URL('real/go.transcript', import.meta.url), 'utf8');

  it('walked as its state machine does when it was last asked', () => {
    const transcript = readTranscript(kept);
    expect(transcript.walks).toHaveLength(WALKS);
    expect(new Set(transcript.walks.map(({ outcome }) => outcome.kind)).size).toBe(3);
    expect(differences(transcript, go, true)).toEqual([]);
    expect(writeTranscript(transcript)).toBe(kept);
  });

  it.skipIf(withoutGo !== undefined)(
    'walks so here too',
    () => {
      expect(differences(walkWith('go', 2, WALKS), go, true)).toEqual([]);
    },
    TIME,
  );
});

describeWith('a machine that is not the resolver', undefined, () => {
  it('is found out', () => {
    const transcript = readTranscript(readFileSync(new URL('real/go.transcript', import.meta.url), 'utf8'));
    expect(differences(transcript, musl).length).toBeGreaterThan(WALKS / 10);
    expect(differences(transcript, glibc).length).toBeGreaterThan(WALKS / 10);
  });
});

/**
 * What the keys of server blocks and their `tls`, `https` and `shed` have to do with each other: nothing is served without the
 * certificate that it needs, and all blocks of one listener are encrypted alike, as a client is asked for its certificate
 * before it has said which name it wants.
 */
import type { Corefile, Directive, Token } from '../corefile/corefile.ts';
import type { Problems } from '../corefile/problems.ts';
import type { BlockSettings } from '../plugins/plugin.ts';
import { type ListenAddress, listenKey, overlap } from './listen-address.ts';
import type { PlannedBlock } from './planned.ts';
import type { Scheme } from './schemes.ts';

/** Reports what does not fit. Both lists are of the same blocks. */
export function reportEncryption(corefile: Corefile, blocks: readonly PlannedBlock[], problems: Problems): void {
  reportMixedSchemes(blocks, problems);
  const first = new Map<string, BlockSettings>();
  corefile.blocks.forEach(({ directives }, index) => {
    const block = blocks[index];
    if (block === undefined) return;
    const { served, settings } = block;
    const find = (name: string): Directive | undefined => directives.find((one) => one.name.text === name);
    reportMissing(block, find('tls'), problems);
    reportIdle(block, find, problems);
    // Files that cannot be used were reported, and would differ from any others.
    if (find('tls') !== undefined && settings.tls === undefined) return;
    for (const { at, key } of served) {
      if (at.scheme === 'dns') continue;
      const decides = first.get(listenKey(at));
      if (decides === undefined) first.set(listenKey(at), settings);
      else if (!alike(decides.tls, settings.tls)) {
        problems.error(find('tls')?.name ?? key, `another server block of port ${at.port} has another 'tls'`, {
          expected: "the same 'tls' in all server blocks of a port",
        });
        break;
      }
    }
  });
}

/** One port carries one thing. */
function reportMixedSchemes(blocks: readonly PlannedBlock[], problems: Problems): void {
  /** Of each port, each once. */
  const seen = new Map<number, Map<string, ListenAddress>>();
  const reported = new Set<Token>();
  for (const { at, key } of blocks.flatMap(({ served }) => served)) {
    const ofPort = seen.get(at.port) ?? new Map<string, ListenAddress>();
    seen.set(at.port, ofPort);
    const other = [...ofPort.values()].find((one) => one.scheme !== at.scheme && overlap(one, at));
    if (other === undefined) {
      ofPort.set(listenKey(at), at);
    } else if (!reported.has(key)) {
      reported.add(key);
      problems.error(key, `port ${at.port} is that of a key with ${other.scheme}:// already`, {
        expected: `another port for ${at.scheme}://`,
      });
    }
  }
}

function reportMissing({ served }: PlannedBlock, tls: Directive | undefined, problems: Problems): void {
  const secure = served.find(({ at }) => at.scheme === 'tls');
  if (tls !== undefined || secure === undefined) return;
  problems.error(secure.key, "a tls:// server block needs 'tls'", { expected: 'tls CERT KEY in the block' });
}

/** Directives for what the block does not serve. */
const heededBy: Readonly<Record<string, readonly Scheme[]>> = {
  tls: ['tls', 'https'],
  https: ['https'],
  shed: ['dns'],
};

function reportIdle({ served }: PlannedBlock, find: (name: string) => Directive | undefined, problems: Problems): void {
  // A key that was reported has left nothing to serve.
  if (served.length === 0) return;
  for (const [name, schemes] of Object.entries(heededBy)) {
    const directive = find(name);
    if (directive === undefined || served.some(({ at }) => schemes.includes(at.scheme))) continue;
    const written = schemes.map((scheme) => `${scheme}://`).join(' or ');
    problems.warning(directive.name, `'${name}' has no effect: no key of the block begins with ${written}`, {
      expected: `a key with ${written}`,
    });
  }
}

function alike(one: BlockSettings['tls'], other: BlockSettings['tls']): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

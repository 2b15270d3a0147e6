import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { chaos } from '../../src/plugins/chaos/chaos.ts';
import { version } from '../../src/version.ts';
import { encode, readReply, serving } from '../rfc/asking.ts';
import { run, saying, tcp, udp } from '../server/running.ts';
import { expectProblem } from './problems.ts';
import { PASSED_ON, ask, makeQuery, problemsOf, serve, textOf } from './support.ts';

const CH = { class: 'CH' };

async function texts(lines: string, name: string): Promise<readonly string[]> {
  const { plugin } = await serve(chaos, lines);
  const text = textOf(ask(plugin, makeQuery(name, 'TXT', CH)));
  if (typeof text === 'string') throw new Error(text);
  expect(text).toMatchObject({ rcode: 'NOERROR', aa: false, authority: [], additional: [] });
  return text.answers;
}

describe('chaos', () => {
  it.each([
    ['chaos', 'version.bind.', [`Nodens-${version}`]],
    ['chaos', 'version.server.', [`Nodens-${version}`]],
    ['chaos', 'hostname.bind.', [hostname()]],
    ['chaos', 'id.server.', [hostname()]],
    ['chaos', 'authors.bind.', []],
    ['chaos "My DNS 1" ann bob@example.org', 'VERSION.Bind.', ['My DNS 1']],
    ['chaos v1 ann bob@example.org', 'authors.bind.', ['ann', 'bob@example.org']],
  ])('%s: %s', async (lines, name, expected) => {
    expect(await texts(lines, name)).toEqual(expected.map((text) => `${name} 0 CH TXT "${text}"`));
  });

  it.each([
    ['version.bind.', 'TXT', 'IN'],
    ['version.bind.', 'A', 'CH'],
    ['version.bind.', 'TXT', 'HS'],
    ['x.version.bind.', 'TXT', 'CH'],
    ['bind.', 'TXT', 'CH'],
  ])('passes %s %s %s on', async (name, type, klass) => {
    const { plugin } = await serve(chaos, 'chaos');
    expect(ask(plugin, makeQuery(name, type, { class: klass }))).toBe(PASSED_ON);
  });

  it('may be replayed', async () => {
    expect((await serve(chaos, 'chaos')).plugin.replayable).toBe(true);
  });

  it.each([
    ['chaos {\nx\n}', "'chaos' takes no block"],
    ['chaos\nchaos', "'chaos' can be used once per server block, and stands at Corefile:2:1 already"],
    [`chaos v1 ${'x'.repeat(256)}`, 'a text of 256 octets'],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(chaos, lines), message);
  });
});

describe('class CH', () => {
  const { ask: exchange } = serving({ corefile: '.:53 {\nchaos\nwhoami\n}', manifests: '' });

  it('is let in where a block has chaos', async () => {
    const { rcode, packet: reply } = await exchange({ ask: 'version.bind. TXT CH' });
    expect(rcode).toBe('NOERROR');
    expect(reply.answers).toMatchObject([
      { type: 'TXT', class: 'CH', ttl: 0, data: [Buffer.from(`Nodens-${version}`)] },
    ]);
  });
});

describe('a block for one name of class CH', () => {
  it('answers it beside a block of all others over real sockets, as OpenShift has it', async () => {
    const { port } = await run(`${saying('other')}hostname.bind {\nchaos\n}\n`);
    for (const connect of [udp, tcp]) {
      // oxlint-disable no-await-in-loop -- one after the other
      const client = await connect(port());
      client.send(encode({ ask: 'hostname.bind. TXT CH' }));
      const reply = readReply(await client.receive());
      expect(reply.packet.answers).toMatchObject([
        { name: 'hostname.bind', class: 'CH', data: [Buffer.from(hostname())] },
      ]);
      client.send(encode({ ask: 'x.test. TXT' }));
      expect(readReply(await client.receive()).packet.answers).toMatchObject([{ data: [Buffer.from('other')] }]);
      // oxlint-enable no-await-in-loop
    }
  });
});

/** RFC 7828, edns-tcp-keepalive: over TCP a client is told how long its connection may idle. */
import { describe, expect, it } from 'vitest';
import type { EdnsOption } from '../conformance/case.ts';
import { shop } from '../conformance/groups/shop.ts';
import { bounds } from '../../src/bounds.ts';
import { run, saying, tcp } from '../server/running.ts';
import { type Reply, encode, readReply, serving } from './asking.ts';

const { ask } = serving(shop);

const KEEPALIVE = 11;
const WEB = 'web.shop.svc.cluster.local. A';

/** The TIMEOUT of a reply in units of 100 milliseconds; undefined where the option is not there. */
function timeoutOf(reply: Reply): number | undefined {
  const options = reply.opt?.options.filter(({ code }) => code === KEEPALIVE) ?? [];
  expect(options.length).toBeLessThanOrEqual(1);
  const [option] = options;
  if (option === undefined) return undefined;
  expect(option.data).toHaveLength(2);
  return option.data.readUInt16BE();
}

function asking(...options: readonly EdnsOption[]) {
  return { ask: WEB, edns: { size: 1232, options } };
}

describe('RFC 7828', () => {
  it('§3.3.2 over TCP the reply to the option says after how many tenths of a second an idle connection is closed', async () => {
    expect(timeoutOf(await ask(asking([KEEPALIVE, '']), { protocol: 'tcp' }))).toBe(bounds.tcpIdle / 100);
  });

  it('§3.3.2 the time is the one that is configured', async () => {
    const { port } = await run(saying('here', { lines: 'timeouts {\nidle 42s\n}' }));
    const client = await tcp(port());
    client.send(encode({ ask: 'x.test. TXT', edns: { size: 1232, options: [[KEEPALIVE, '']] } }));
    expect(timeoutOf(readReply(await client.receive()))).toBe(420);
  });

  it('§3.1 a time beyond what two octets hold is the most that they hold', async () => {
    const { port } = await run(saying('here', { lines: 'timeouts {\nidle 24h\n}' }));
    const client = await tcp(port());
    client.send(encode({ ask: 'x.test. TXT', edns: { size: 1232, options: [[KEEPALIVE, '']] } }));
    expect(timeoutOf(readReply(await client.receive()))).toBe(0xffff);
  });

  it('§3.3.1 over UDP the option is ignored, and never sent', async () => {
    const reply = await ask(asking([KEEPALIVE, '']));
    expect(timeoutOf(reply)).toBeUndefined();
    expect(reply.packet.answers).toHaveLength(1);
  });

  it('§3.1 a client without EDNS gets no OPT record, and one without the option gets no option', async () => {
    expect((await ask({ ask: WEB }, { protocol: 'tcp' })).opt).toBeUndefined();
    expect(timeoutOf(await ask(asking(), { protocol: 'tcp' }))).toBeUndefined();
  });

  it('§3.1 the time that a client sends, which it should not, is not sent back', async () => {
    expect(timeoutOf(await ask(asking([KEEPALIVE, '0001']), { protocol: 'tcp' }))).toBe(bounds.tcpIdle / 100);
  });

  it('§3.3.2 the option twice is answered once', async () => {
    const reply = await ask(asking([KEEPALIVE, ''], [KEEPALIVE, '']), { protocol: 'tcp' });
    expect(timeoutOf(reply)).toBe(bounds.tcpIdle / 100);
  });
});

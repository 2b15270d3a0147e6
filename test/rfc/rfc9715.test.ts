/** RFC 9715, no fragments: the UDP size that upstreams are offered, and what happens to that which does not fit. */
import { describe, expect, it } from 'vitest';
import packet from 'dns-packet';
import { RIGHT, right, truncatedOverUdp } from '../support/upstreams/behaviours.ts';
import { addressesOf, forwardTo, forwarder, questionsTo, upstream } from './forwarding.ts';

/** The UDP size in the OPT record of a query. */
function sizeOf(query: Buffer | undefined): number | undefined {
  const [opt] = packet.decode(query ?? Buffer.alloc(12)).additionals;
  return opt?.type === 'OPT' ? opt.udpPayloadSize : undefined;
}

describe('RFC 9715', () => {
  it.each([
    ['no EDNS', undefined],
    ['512 octets', 512],
    ['1232 octets', 1232],
    ['4096 octets', 4096],
    ['65535 octets', 65_535],
  ])('§3.2 upstreams are offered 1232 octets, whatever the client offers: %s', async (_, size) => {
    const world = await upstream(right);
    const { ask } = await forwarder(forwardTo([world]));
    await ask({ ask: 'www.example.test. A', ...(size === undefined ? {} : { edns: { size } }) });
    expect(sizeOf(questionsTo(world)[0])).toBe(1232);
  });

  it('§3.2 a smaller size may be configured', async () => {
    const world = await upstream(right);
    const { ask } = await forwarder(`bufsize 700\n${forwardTo([world])}`);
    await ask({ ask: 'www.example.test. A', edns: { size: 4096 } });
    expect(sizeOf(questionsTo(world)[0])).toBe(700);
  });

  it('§3.2 a reply that is truncated is asked for again over TCP', async () => {
    const world = await upstream(truncatedOverUdp);
    const { ask } = await forwarder(forwardTo([world]));
    expect(addressesOf(await ask({ ask: 'www.example.test. A' }))).toEqual([RIGHT]);
    expect(world.asked.tcp).toBe(1);
  });
});

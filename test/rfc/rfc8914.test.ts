/** RFC 8914, Extended DNS Errors: why an answer is as it is. */
import { describe, expect, it } from 'vitest';
import { shop } from '../conformance/groups/shop.ts';
import { silent } from '../support/upstreams/behaviours.ts';
import { reply as replyTo, types, uint16 } from '../support/upstreams/octets.ts';
import { Flag, type Question, type Reply, serving } from './asking.ts';
import { forwardTo, forwarder, upstream } from './forwarding.ts';

const { ask } = serving(shop);

const EDE = 15;
const PADDING = 12;
const OTHER = 0;
const NOT_SUPPORTED = 21;

interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

/** @throws where an option is shorter than its code, or its text is no UTF-8 */
function errorsOf(reply: Reply): readonly ExtendedError[] {
  const options = reply.opt?.options.filter(({ code }) => code === EDE) ?? [];
  return options.map(({ data }) => ({
    code: data.readUInt16BE(0),
    text: new TextDecoder('utf-8', { fatal: true }).decode(data.subarray(2)),
  }));
}

/** So long that a reply with its explanation nearly fills 512 octets. */
const LONG = `${'x'.repeat(60)}.${'y'.repeat(60)}.shop.svc.cluster.local`;

const withEdns = (asked: string, size = 1232): Question => ({ ask: asked, edns: { size } });

describe('RFC 8914', () => {
  it.each([
    ['missing.shop.svc.cluster.local. A', 'NXDOMAIN', OTHER, 'no such Service'],
    ['web.nowhere.svc.cluster.local. A', 'NXDOMAIN', OTHER, 'no such namespace'],
    ['_ftp._tcp.web.shop.svc.cluster.local. SRV', 'NXDOMAIN', OTHER, 'no port of that name'],
    ['web.shop.svc.cluster.local. AAAA', 'NOERROR', OTHER, 'no record of this type'],
    ['cluster.local. AXFR', 'REFUSED', NOT_SUPPORTED, 'not transferred'],
    ['web.shop.svc.cluster.local. A CH', 'REFUSED', NOT_SUPPORTED, 'class'],
  ])('§3 any response code may be explained: %s, %s', async (asked, rcode, code, text) => {
    const reply = await ask(withEdns(asked));
    expect(reply.rcode).toBe(rcode);
    const [error, ...further] = errorsOf(reply);
    expect(further).toEqual([]);
    expect(error?.code).toBe(code);
    expect(error?.text).toContain(text);
  });

  it('§2 an answer that needs no explanation has none', async () => {
    expect(errorsOf(await ask(withEdns('web.shop.svc.cluster.local. A')))).toEqual([]);
  });

  it('§2 the text is UTF-8 without a final zero', async () => {
    for (const { text } of errorsOf(await ask(withEdns('missing.shop.svc.cluster.local. A')))) {
      expect(text).not.toMatch(/\0/);
    }
  });

  it('§3 a client without EDNS gets none: there is no OPT record to put it in', async () => {
    expect((await ask({ ask: 'missing.shop.svc.cluster.local. A' })).opt).toBeUndefined();
  });

  it('§3 what does not fit is left out before anything of the answer is', async () => {
    // The padding comes back, and leaves less and less room for the rest.
    const replies = await Promise.all(
      [200, 240, 280, 300].map((padding) =>
        ask({
          ask: `${LONG}. A`,
          edns: { size: 512, options: [[PADDING, '00'.repeat(padding)]] },
        }),
      ),
    );
    for (const { octets, packet, flags } of replies) {
      expect(octets.length).toBeLessThanOrEqual(512);
      expect(packet.authorities).toHaveLength(1);
      // The section would have TC set where the explanation was left out; nobody should come back over TCP for a comment.
      expect(flags & Flag.TC).toBe(0);
    }
    expect(replies.map((reply) => errorsOf(reply).length)).toEqual([1, 1, 0, 0]);
  });

  it('§6 the response code does not depend on the explanation', async () => {
    const asked = 'missing.shop.svc.cluster.local. A';
    const [plain, explained] = [await ask({ ask: asked }), await ask(withEdns(asked))];
    expect(explained.rcode).toBe(plain.rcode);
    expect(explained.packet.authorities).toEqual(plain.packet.authorities);
  });
});

describe('RFC 8914, with upstreams', () => {
  const NO_REACHABLE_AUTHORITY = 22;
  const NETWORK_ERROR = 23;
  const question = withEdns('www.example.test. A');

  it('§4.23 upstreams that say nothing are named, with what each did', async () => {
    const dead = await upstream(silent);
    const reply = await (await forwarder(forwardTo([dead]))).ask(question);
    expect(reply.rcode).toBe('SERVFAIL');
    const [error] = errorsOf(reply);
    expect(error?.code).toBe(NO_REACHABLE_AUTHORITY);
    expect(error?.text).toContain(`127.0.0.1:${dead.port} timeout`);
  });

  it('§4.24 upstreams that cannot be reached are a network error', async () => {
    const gone = await upstream(silent);
    const line = forwardTo([gone]);
    await gone.close();
    const reply = await (await forwarder(line)).ask(question);
    expect(reply.rcode).toBe('SERVFAIL');
    expect(errorsOf(reply)).toMatchObject([{ code: NETWORK_ERROR }]);
  });

  it('§3 what an upstream explains reaches the client', async () => {
    const BLOCKED = 15;
    const text = Buffer.from('for a reason');
    const world = await upstream((asked) => {
      const octets = replyTo(asked.octets, { rcode: 3 });
      octets.writeUInt16BE(1, 10);
      const option = Buffer.concat([uint16(EDE, 2 + text.length, BLOCKED), text]);
      asked.send(Buffer.concat([octets, Buffer.of(0), uint16(types.OPT, 1232, 0, 0, option.length), option]));
    });
    const reply = await (await forwarder(forwardTo([world]))).ask(question);
    expect(reply.rcode).toBe('NXDOMAIN');
    const [error] = errorsOf(reply);
    expect(error?.code).toBe(BLOCKED);
    expect(error?.text).toContain('for a reason');
  });
});

/** `shed`: what UDP drops in any case is counted under its name. */
import { describe, expect, it } from 'vitest';
import { shed } from '../../src/plugins/shed/shed.ts';
import { ServerCounts } from '../../src/server/server-counts.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { Deferrer, openOneTcp, openOneUdp, udpClient } from '../transport/fixtures.ts';
import { run, saying } from '../server/running.ts';
import { expectProblem } from './problems.ts';
import { settingsOf } from './support.ts';

const NAME = 'coredns_shed_dropped_total';

describe('shed', () => {
  it('has no words', () => {
    const { settings, problems } = settingsOf(shed, 'shed');
    expect(problems).toEqual([]);
    expect(settings.shed).toBe(true);
  });

  it.each([
    ['shed 100', "'shed' takes no arguments"],
    ['shed {\n}', "'shed' takes no block"],
    ['shed\nshed', "'shed' can be used once per server block"],
  ])('%s is reported', (lines, message) => {
    expectProblem(settingsOf(shed, lines).problems, message);
  });

  it('counts queries beyond those that may wait, and replies beyond those that may be unsent', async () => {
    const deferrer = new Deferrer();
    const udp = await openOneUdp(deferrer.handler, { udpInFlight: 1 });
    const tcp = await openOneTcp(deferrer.handler);
    const client = await udpClient(udp.port);
    for (const text of ['a', 'b', 'c']) client.send(Buffer.from(text));
    await deferrer.deferred(3);
    const metrics = new Metrics();
    const at = { scheme: 'dns', address: '127.0.0.1', port: 53, portFrom: undefined } as const;
    const pair = { at, udp: udp.listener, tcp: tcp.listener, refresh: () => Promise.resolve() };
    let sheds = false;
    const counts = new ServerCounts(
      metrics,
      () => [pair],
      () => sheds,
    );
    expect(metrics.render()).not.toContain(`${NAME}{`);
    sheds = true;
    const text = metrics.render();
    expect(text).toContain(`${NAME}{reason="query",server="dns://127.0.0.1:53"} 2`);
    expect(text).toContain(`${NAME}{reason="response",server="dns://127.0.0.1:53"} 0`);
    counts.close();
  });

  it('is counted for the addresses of its block', async () => {
    const { metrics } = await run(saying('here', { lines: 'shed' }));
    expect(metrics.render()).toContain(`${NAME}{reason="query",server="dns://127.0.0.1:0"} 0`);
    const without = await run(saying('here'));
    expect(without.metrics.render()).not.toContain(`${NAME}{`);
  });
});

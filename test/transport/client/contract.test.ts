/** Plugins and the client transport state their shapes apart; the server may hand the one to the other. */
import { expect, expectTypeOf, it } from 'vitest';
import type {
  Network,
  UpstreamProblem as PluginsProblem,
  UpstreamTarget as PluginsTarget,
} from '../../../src/plugins/network.ts';
import { openNetwork } from '../../../src/transport/client/network.ts';
import type { UpstreamProblem, UpstreamTarget } from '../../../src/transport/client/upstream.ts';
import { problemWith, targetOf } from './support.ts';

it('what openNetwork gives is the network that plugins are handed', () => {
  expectTypeOf<ReturnType<typeof openNetwork>>().toExtend<Network>();
  expectTypeOf<PluginsTarget>().toEqualTypeOf<UpstreamTarget>();
  expectTypeOf<PluginsProblem>().toEqualTypeOf<UpstreamProblem>();
  const network: Network = openNetwork();
  expect(network).toBeDefined();
});

it.each(['udp', 'tcp', 'tls', 'https'] as const)(
  'a channel over %s that was closed says so of what is sent on it',
  async (protocol) => {
    const network = openNetwork();
    const channel = network.channel(targetOf(protocol, 1));
    channel.close();
    expect(await problemWith(channel)).toMatchObject({ kind: 'closed' });
    expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  },
);

it.each(['udp', 'tcp', 'tls', 'https'] as const)('nobody listens over %s', async (protocol) => {
  const network = openNetwork();
  const problem = await problemWith(network.channel(targetOf(protocol, 1)));
  expect(problem).toEqual({ kind: 'refused', text: 'connection refused' });
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  network.close();
});

it.each(['udp', 'tcp', 'tls', 'https'] as const)('an address that is none fails over %s', async (protocol) => {
  const network = openNetwork();
  const target = targetOf(protocol, 53, { to: { address: '127.0.0.1', port: 70_000 } });
  expect(['invalid', 'tls']).toContain((await problemWith(network.channel(target))).kind);
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  network.close();
});

it.each(['udp', 'tcp', 'tls', 'https'] as const)('a source that this machine lacks fails over %s', async (protocol) => {
  const network = openNetwork();
  const problem = await problemWith(network.channel(targetOf(protocol, 53, { source: '192.0.2.77' })));
  expect(problem).toEqual({ kind: 'unreachable', text: 'address not available' });
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
  network.close();
});

it('a listener that throws is reported, and hurts nobody', async () => {
  const reports: string[] = [];
  const network = openNetwork({ report: (text) => reports.push(text) });
  const channel = network.channel(targetOf('udp', 1));
  channel.send(Buffer.alloc(12), {
    received: () => false,
    failed: () => {
      throw new Error('out of order');
    },
  });
  await problemWith(channel);
  expect(reports).toEqual([expect.stringContaining('out of order')]);
  expect(network.usage).toMatchObject({ sockets: 0, octets: 0 });
});

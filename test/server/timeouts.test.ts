/** `timeouts` of a Corefile on the server's sockets, and over a reload. */
import { describe, expect, it } from 'vitest';
import { tcpClient } from '../transport/fixtures.ts';
import { ask, run, saying } from './running.ts';

const limited = (lines: string, text = 'x', keys = '.'): string =>
  saying(text, { keys, lines: lines === '' ? '' : `timeouts {\n${lines}\n}` });

describe('timeouts', () => {
  it('bounds the queries of a connection', async () => {
    const { port } = await run(limited('maxtcpqueries 2'));
    const client = await tcpClient(port());
    expect([await ask(client), await ask(client)]).toEqual(['x', 'x']);
    await client.ended;
  });

  it('changes on a reload, on the connections that are open', async () => {
    const { port, server, configure } = await run(limited('maxtcpqueries 2'));
    const before = port();
    const client = await tcpClient(before);
    await ask(client);
    configure(limited('maxtcpqueries 3', 'y'));
    expect(await server.reload()).toBe(true);
    expect(port()).toBe(before);
    expect([await ask(client), await ask(client)]).toEqual(['y', 'y']);
    await client.ended;
  });

  it('is as in the table of bounds again where the directive has gone', async () => {
    const { port, server, configure } = await run(limited('maxtcpqueries 1'));
    configure(limited('', 'y'));
    expect(await server.reload()).toBe(true);
    const client = await tcpClient(port());
    expect([await ask(client), await ask(client)]).toEqual(['y', 'y']);
  });

  it('of the first block decides where several are served at one address', async () => {
    const first = limited('maxtcpqueries 1', 'x', 'a.test');
    const { port } = await run(`${first}${limited('maxtcpqueries 9', 'y', 'b.test')}`);
    const client = await tcpClient(port());
    expect(await ask(client, 'x.b.test')).toBe('y');
    await client.ended;
  });

  it('stays as it was where a reload fails', async () => {
    const { port, server, configure } = await run(limited('maxtcpqueries 2'));
    configure(limited('maxtcpqueries 3\nraed 5s'));
    expect(await server.reload()).toBe(false);
    const client = await tcpClient(port());
    await ask(client);
    await ask(client);
    await client.ended;
  });

  it('ends a connection on which nothing more comes, after the idle time', async () => {
    const { server } = await run(limited('idle 1s\nread 1s'));
    const client = await tcpClient(server.listening[0]?.tcp.bound[0]?.port ?? 0);
    const begin = performance.now();
    await ask(client);
    await client.ended;
    expect(performance.now() - begin).toBeGreaterThanOrEqual(990);
  });
});

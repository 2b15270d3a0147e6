/** The status of an HTTP path, whatever the server does. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { closing, testNetwork, until } from './support.ts';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing(server);
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : 0;
}

const http = (listener: RequestListener): Promise<number> => listen(createHttpServer(listener));

it.each([200, 204, 404, 503])('%i is told', async (status) => {
  const paths: (string | undefined)[] = [];
  const port = await http((request, response) => {
    paths.push(request.url);
    response.writeHead(status).end();
  });
  expect(await testNetwork().httpStatus({ address: '127.0.0.1', port }, '/health?x=1', 5_000)).toBe(status);
  expect(paths).toEqual(['/health?x=1']);
});

it('one connection serves again and again', async () => {
  let connections = 0;
  const server = createHttpServer((_, response) => response.end('OK'));
  server.on('connection', () => connections++);
  const at = { address: '127.0.0.1', port: await listen(server) };
  const network = testNetwork();
  for (let i = 0; i < 5; i++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await network.httpStatus(at, '/', 5_000)).toBe(200);
    // oxlint-disable-next-line no-await-in-loop -- the body may come later than the status
    await setImmediate();
  }
  expect(connections).toBe(1);
});

it('a connection that the server has closed meanwhile is no failure', async () => {
  let requests = 0;
  const port = await listen(
    createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        // It says that it goes on, and is gone when it is asked again.
        if (++requests === 2) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    }),
  );
  const network = testNetwork();
  expect(await network.httpStatus({ address: '127.0.0.1', port }, '/', 5_000)).toBe(200);
  await setImmediate();
  expect(await network.httpStatus({ address: '127.0.0.1', port }, '/', 5_000)).toBe(200);
  expect(requests).toBe(3);
});

it('a body that never ends is not waited for', async () => {
  let closed = false;
  const port = await http((request, response) => {
    request.socket.on('close', () => {
      closed = true;
    });
    response.writeHead(200);
    response.write(Buffer.alloc(65_536));
  });
  expect(await testNetwork().httpStatus({ address: '127.0.0.1', port }, '/', 5_000)).toBe(200);
  await until(() => closed);
});

it('nobody listens', async () => {
  await expect(testNetwork().httpStatus({ address: '127.0.0.1', port: 1 }, '/', 5_000)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    message: 'connection refused',
  });
});

it('a server that says nothing is given up in time', async () => {
  const port = await http(() => {});
  const asked = testNetwork().httpStatus({ address: '127.0.0.1', port }, '/', 40);
  await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
});

it.each(['nonsense\r\n\r\n', 'HTTP/1.1 200', ''])('a server that is none is an error: %j', async (said) => {
  const port = await listen(createServer((socket) => socket.on('error', () => {}).end(said)));
  await expect(testNetwork().httpStatus({ address: '127.0.0.1', port }, '/', 5_000)).rejects.toThrow();
});

it('closing the network ends the wait', async () => {
  const port = await http(() => {});
  const network = testNetwork();
  const asked = network.httpStatus({ address: '127.0.0.1', port }, '/', 5_000);
  network.close();
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
});

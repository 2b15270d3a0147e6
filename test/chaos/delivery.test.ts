/** What counts as delivered to the program, and when. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Connection, Delivery } from './delivery.ts';

const GRACE = 100;
const PATHS = {
  services: '/api/v1/services',
  slices: '/apis/discovery.k8s.io/v1/endpointslices',
};

let now = 0;
let delivery: Delivery;
let connection: Connection;

beforeEach(() => {
  now = 0;
  delivery = new Delivery(GRACE, () => now);
  connection = delivery.connection();
});

const ask = (path: string, query: string): void =>
  connection.toServer(Buffer.from(`GET ${path}?${query} HTTP/1.1\r\nHost: any\r\n\r\n`));
const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const event = (type: string, version: number, annotations = {}): string =>
  `${JSON.stringify({ type, object: { metadata: { name: 'a', resourceVersion: String(version), annotations } } })}\n`;
const end = { 'k8s.io/initial-events-end': 'true' };
const say = (text: string): void => connection.toProgram(Buffer.from(text));
const later = (): number => {
  now += GRACE;
  return delivery.places().services;
};

describe('delivery', () => {
  it('counts an event some time after it was written', () => {
    ask(PATHS.services, 'watch=true&resourceVersion=5');
    say(head + chunk(event('ADDED', 7)));
    expect(delivery.places().services).toBe(0);
    expect(later()).toBe(7);
    expect(delivery.places().endpointslices).toBe(0);
  });

  it('does not count what was written to a connection that was then closed', () => {
    ask(PATHS.services, 'watch=true&resourceVersion=5');
    say(head + chunk(event('ADDED', 7)));
    connection.closed();
    expect(later()).toBe(0);
  });

  it('does not count half an event, and counts it when it is whole, wherever it is cut', () => {
    ask(PATHS.services, 'watch=true&resourceVersion=5');
    const text = head + chunk(event('MODIFIED', 7)) + chunk('{"type":"MODI');
    for (const letter of text.slice(0, -8)) say(letter);
    expect(later()).toBe(7);
    for (const letter of text.slice(-8) + chunk(event('MODIFIED', 9).slice('{"type":"MODI'.length))) say(letter);
    expect(later()).toBe(9);
  });

  it('counts a streamed list when its end has come', () => {
    ask(PATHS.services, 'watch=true&sendInitialEvents=true');
    say(head + chunk(event('ADDED', 3)) + chunk(event('ADDED', 4)));
    expect(later()).toBe(0);
    say(chunk(event('BOOKMARK', 9, end)));
    expect(later()).toBe(9);
    say(chunk(event('ADDED', 11)));
    expect(later()).toBe(11);
  });

  it('counts a list when it is whole, and no page but the last', () => {
    const list = (more: string): string =>
      JSON.stringify({ kind: 'ServiceList', metadata: { resourceVersion: '9', continue: more }, items: [] });
    ask(PATHS.services, 'limit=500');
    say(head + chunk(list('next')) + chunk(''));
    expect(later()).toBe(0);
    ask(PATHS.services, 'limit=500&continue=next');
    const text = list('');
    say(head + chunk(text.slice(0, 20)));
    expect(later()).toBe(0);
    say(`${chunk(text.slice(20))}0\r\n\r\n`);
    expect(later()).toBe(9);
  });

  it('counts nothing of failures, and nothing after what no API server says', () => {
    ask(PATHS.services, 'watch=true&resourceVersion=5');
    const failure = '{"kind":"Status","metadata":{"resourceVersion":"99"}}';
    say(`HTTP/1.1 503 Service Unavailable\r\nContent-Length: ${failure.length}\r\n\r\n${failure}`);
    expect(later()).toBe(0);
    ask(PATHS.services, 'watch=true&resourceVersion=5');
    say(head + chunk(event('ADDED', 7)) + chunk('garbage\n') + chunk(event('ADDED', 8)));
    expect(later()).toBe(7);
    // The body may still have its end, and the connection another use.
    say('0\r\n\r\n');
    ask(PATHS.services, 'watch=true&resourceVersion=8');
    say(head + chunk(event('ADDED', 9)));
    expect(later()).toBe(9);
  });

  it('tells the streams apart on one connection', () => {
    ask(PATHS.slices, 'limit=500');
    say(`${head}${chunk('{"metadata":{"resourceVersion":"4"}}')}0\r\n\r\n`);
    ask(PATHS.services, 'watch=true&resourceVersion=5');
    say(head + chunk(event('ADDED', 7)));
    expect(later()).toBe(7);
    expect(delivery.places().endpointslices).toBe(4);
  });

  it('begins anew for a program that is started anew', () => {
    ask(PATHS.services, 'watch=true&resourceVersion=5');
    say(head + chunk(event('ADDED', 7)));
    expect(later()).toBe(7);
    delivery.reset();
    expect(later()).toBe(0);
  });
});

/** What is said of the example cluster at start: where it is served, and a question that a shell takes as it stands. */
import { expect, it } from 'vitest';
import { startText } from '../../src/commands/start-text.ts';

const example = {
  source: { kind: 'text', name: 'example', text: '', folder: '/' },
  fixtures: ['manifests/examples'],
  snapshot: undefined,
  bind: [],
  isExample: true,
  remark: undefined,
} as const;

it.each([
  ['*', 'on all addresses, port 1053', 'dig @localhost -p 1053 nginx'],
  ['127.0.0.1', 'on 127.0.0.1, port 1053', 'dig @localhost -p 1053 nginx'],
  ['::1', 'on ::1, port 1053', 'dig @::1 -p 1053 nginx'],
])('on %s it says "%s" and proposes %s', (address, where, dig) => {
  const text = startText([{ zone: '.', address, port: 1053 }], example, 'dgram');
  expect(text).toContain(where);
  expect(text).toContain(dig);
});

/** What is moved of a stock Corefile is addresses, ports and paths: everything else is served as it is written. */
import { expect, it } from 'vitest';
import { moved } from './moved.ts';
import { read } from './serving.ts';
import { names } from './stock.ts';

const places = {
  dns: 1053,
  health: 1080,
  ready: 1081,
  metrics: 1153,
  upstream: '127.0.0.1:1054',
  clusterDns: '127.0.0.1:1055',
  folder: '/folder',
};

/** Directives whose arguments are addresses or files. */
const MOVABLE = /^(?:bind|forward|health|hosts|import|prometheus|ready)$/;

it.each(names)('%s keeps its directives, options and zones', (name) => {
  const before = read(name).split('\n');
  const after = moved(read(name), places).split('\n');
  expect(after).toHaveLength(before.length);
  const changed = before.flatMap((line, index) => (line === after[index] ? [] : [[line, after[index] ?? ''] as const]));
  expect(changed.length).toBeGreaterThan(0);
  for (const [was, is] of changed) {
    const [word = ''] = was.trim().split(/\s/);
    // A line of keys, whose ports alone differ; or a directive, which stays what it is, with or without a block.
    if (/^\S+:\d+ /.test(was)) expect(is.replaceAll(':1053', '')).toBe(was.replace(/:\d+(?= )/g, ''));
    else expect(word).toMatch(MOVABLE);
    expect(is.trim().split(/\s/)[0]?.split(':')[0]).toBe(word.split(':')[0]);
    expect(is.endsWith('{')).toBe(was.endsWith('{'));
  }
});

it.each(names)('%s has no port and no address of a node any more', (name) => {
  const after = moved(read(name), places).replace(/ tls:\/\/\S+/g, '');
  expect(after).not.toMatch(/:(?:53|3989|5353|8053|8080|8081|8181|9153|9253)\b|169\.254|\/etc\/resolv\.conf/);
});

/** What a request asks for: no header makes it throw, and a query is what base64url says and nothing else. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { isQuery, readHead } from '../../src/transport/https-head.ts';

const read = (method: string, target: string, contentType?: string) =>
  readHead({ method, target, contentType, contentLength: undefined, octets: 0 }, bounds);

it('a query is given back as it was encoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 1_000 }), (octets) => {
      const head = read('GET', `/dns-query?dns=${Buffer.from(octets).toString('base64url')}`);
      expect(head).toEqual({ kind: 'query', octets: Buffer.from(octets) });
    }),
  );
});

it('nothing throws, and every status is one of an error', () => {
  const words = fc.oneof(
    fc.string(),
    fc.constantFrom('GET', 'POST', '/dns-query', '/dns-query?dns=', 'dns=', '&', '%'),
  );
  fc.assert(
    fc.property(words, fc.array(words), fc.option(words), (method, parts, contentType) => {
      const head = read(method, parts.join(''), contentType ?? undefined);
      if (head.kind === 'refused') expect(head.status).toBeGreaterThanOrEqual(400);
    }),
    { numRuns: 1_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => typeof isQuery(octets) === 'boolean'));
});

it.each(['http://x/dns-query', 'https://dns.test:443/dns-query'])('the target may be absolute: %s', (target) => {
  expect(read('POST', target, 'application/dns-message')).toEqual({ kind: 'body' });
});

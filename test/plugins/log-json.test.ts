/** `log json`, and the reason of an answer in lines of either form. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { Flag, Rcode } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { parseRecord } from '../../src/dns/presentation.ts';
import { type Answer, failure, reply } from '../../src/plugins/answer.ts';
import { log } from '../../src/plugins/log/log.ts';
import type { Next, Plugin } from '../../src/plugins/plugin.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { linkChain } from '../../src/server/chain.ts';
import { type QueryOptions, type Service, ask, makeHost, makeQuery, next, problemsOf, serve } from './support.ts';

const SERVICE = 'svc1.testns.svc.cluster.local.';
const parsed = parseRecord(`${SERVICE} 5 IN A 10.96.0.10`, { origin: Name.root, ttl: 5 });
if (parsed.kind === 'error') throw new Error(parsed.message);
const positive = reply({ answers: [parsed.set] });
const missing = reply({ rcode: Rcode.NXDOMAIN, explanation: explain('noSuchService') });

/** The lines for one query with this answer. */
function linesFor(service: Service, answer: Answer, name = SERVICE, options: QueryOptions = {}): readonly string[] {
  ask(service.plugin, makeQuery(name, 'A', options), next(answer));
  return service.host.takeLines();
}

describe('log json', () => {
  it('writes one object a line, without a level before it', async () => {
    const block = { zones: ['.', 'cluster.local.'], servers: [], view: '', plugins: [], fingerprintFrom: () => '' };
    const host = makeHost({ block });
    const { plugin } = await serve(log, 'log json', { host });
    const kubernetes: Plugin = {
      name: 'kubernetes',
      answer() {
        host.clock.advance(0.195_673);
        return positive;
      },
    };
    void linkChain([plugin, kubernetes])?.answer(makeQuery('SVC1.testns.svc.cluster.local.', 'A'));
    const lines = host.takeLines();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toBe(
      '{"level":"info","time":"2023-11-14T22:13:20.000Z","plugin":"kubernetes","client":"127.0.0.1","port":52988,' +
        '"id":58857,"type":"A","class":"IN","name":"svc1.testns.svc.cluster.local.","proto":"udp","size":47,"do":false,' +
        '"bufsize":512,"rcode":"NOERROR","flags":"qr,aa,rd","rsize":92,"duration":0.000195673,"zone":"cluster.local.",' +
        '"server":"dns://:53"}',
    );
  });

  it('has the client as it is, and what its EDNS says', async () => {
    const service = await serve(log, 'log json');
    const [line = ''] = linesFor(service, positive, SERVICE, {
      client: { protocol: 'tcp', clientAddress: '2001:db8::1' },
      edns: { udpSize: 1232, dnssecOk: true },
      flags: Flag.CD,
    });
    expect(JSON.parse(line)).toMatchObject({
      client: '2001:db8::1',
      proto: 'tcp',
      do: true,
      bufsize: 65_535,
      flags: 'qr,aa,cd',
    });
  });

  it('has the reason where the answer has one', async () => {
    const service = await serve(log, 'log json');
    const read = (answer: Answer): unknown => JSON.parse(linesFor(service, answer)[0] ?? '');
    expect(read(missing)).toMatchObject({ rcode: 'NXDOMAIN', reason: 'no_such_service' });
    expect(read(failure(Rcode.SERVFAIL, explain('upstreamsSilent'), 'x'))).toMatchObject({
      rcode: 'SERVFAIL',
      reason: 'upstreams_silent',
      plugin: '',
    });
    expect(read(positive)).not.toHaveProperty('reason');
  });

  it('says null of the response code where the client gets nothing', async () => {
    const service = await serve(log, 'log json');
    const [line = ''] = linesFor(service, { kind: 'silence' });
    expect(JSON.parse(line)).toMatchObject({ rcode: null, flags: '', rsize: 0 });
  });

  it.each([
    ['log json', true],
    ['log . json', true],
    ['log cluster.local json', true],
    ['log example.org json', false],
    ['log json {\n  class denial error\n}', false],
    ['log json {\n  class success\n}', true],
  ])('%s writes a line for a Service: %s', async (lines, written) => {
    expect(linesFor(await serve(log, lines), positive).map((line) => line.startsWith('{'))).toEqual(
      written ? [true] : [],
    );
  });

  it('is not meant where the word is a zone', async () => {
    const service = await serve(log, 'log json.');
    expect(linesFor(service, positive)).toEqual([]);
    expect(linesFor(service, positive, 'x.json.')[0]).toMatch(/^\[INFO\] 127/);
    const zoneFirst = await serve(log, 'log json example.org');
    expect(linesFor(zoneFirst, positive, 'x.json.')[0]).toMatch(/^\[INFO\] 127/);
  });

  it('is one line that can be read back, whatever a client asks', async () => {
    const service = await serve(log, 'log json');
    const label = fc.string({ unit: 'binary', minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(label, (text) => {
        // A label of octets, whatever they are.
        const name = Name.fromLabels([Buffer.from(text).toString('latin1').slice(0, 63)], Name.root);
        const lines = linesFor(service, positive, name?.toString());
        expect(lines).toHaveLength(1);
        expect(JSON.parse(lines[0] ?? '')).toHaveProperty('name', name?.toLowerCase());
      }),
    );
  });

  it('takes no other option than the text formats', () => {
    expect(problemsOf(log, 'log json {\n  classes all\n}')[0]).toContain("unknown option of 'log'");
  });
});

describe('the reason in a text format', () => {
  it('is a word, or a dash', async () => {
    const service = await serve(log, 'log . "{rcode} {/nodens/reason}"');
    expect(linesFor(service, missing)).toEqual(['[INFO] NXDOMAIN no_such_service']);
    expect(linesFor(service, positive)).toEqual(['[INFO] NOERROR -']);
    expect(linesFor(service, { kind: 'silence' })).toEqual(['[INFO] - -']);
  });
});

describe('log, more lines than can be written', () => {
  it('costs lines and no answer', async () => {
    const service = await serve(log, 'log json');
    const below: Next = { answer: () => Promise.resolve(positive) };
    const asked = Math.ceil(bounds.logWaiting / 200);
    for (let i = 0; i < asked; i++) ask(service.plugin, makeQuery(SERVICE, 'A'), next(positive));
    expect(await service.plugin.answer(makeQuery(SERVICE, 'A'), below)).toBe(positive);
    const lines = service.host.takeLines();
    expect(lines.length).toBeLessThan(asked);
    expect(lines.at(-1)).toMatch(/^\[WARNING\] \d+ log lines were dropped$/);
  });
});

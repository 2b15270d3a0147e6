/** Who may have a zone, how, and what of it: each rule of the manual page of `transfer`, without a server. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Class, Flag, Opcode, Type, rcodeName } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import type { RRset, SoaRRset } from '../../../src/dns/rrset.ts';
import type { Answer, RunningTransfer, Transfer } from '../../../src/plugins/answer.ts';
import { type NeighbourZone, noNeighbours } from '../../../src/plugins/neighbours.ts';
import type { Client } from '../../../src/plugins/query.ts';
import type { Query } from '../../../src/plugins/query.ts';
import { transfer } from '../../../src/plugins/transfer/transfer.ts';
import { PASSED_ON, type Service, ask, makeHost, makeQuery, recordsOf, serve, textOf } from '../support.ts';

const TCP: Partial<Client> = { protocol: 'tcp', clientAddress: '192.0.2.1' };
const PASSED = textOf(PASSED_ON);

function soaOf(name: string, serial: number): SoaRRset {
  const owner = Name.fromText(name);
  const timers = { serial, refresh: 7200, retry: 1800, expire: 86_400, minimum: 5 };
  return {
    owner,
    type: Type.SOA,
    class: Class.IN,
    ttl: 5,
    kind: 'soa',
    soa: { primary: owner, mailbox: owner, ...timers },
  };
}

const WWW: RRset = {
  owner: Name.fromText('www.example.org.'),
  type: Type.A,
  class: Class.IN,
  ttl: 5,
  kind: 'address',
  octets: Uint8Array.of(192, 0, 2, 80),
};

interface TestZone extends NeighbourZone {
  serial: number | undefined;
}

/** `example.org` with one record; its content is not known where the serial is undefined. */
function zone(serial: number | undefined, name = 'example.org.'): TestZone {
  return {
    name: Name.fromText(name),
    serial,
    contents() {
      return this.serial === undefined ? undefined : { soa: soaOf(name, this.serial), records: [WWW] };
    },
  };
}

async function serving(lines: string, ...zones: readonly NeighbourZone[]): Promise<Service> {
  return serve(transfer, lines, { host: makeHost({ neighbours: { ...noNeighbours(), zones: [...zones] } }) });
}

const OPEN = 'transfer example.org {\nto *\n}';

function asked(service: Service, name: string, type: string, client: Partial<Client> = TCP): Answer {
  return ask(service.plugin, makeQuery(name, type, { client }));
}

/** The response code and the word of the reason. */
function refusal(answer: Answer): string {
  return answer.kind === 'failure' ? `${rcodeName(answer.rcode)} ${answer.explanation.word}` : answer.kind;
}

function begun(answer: Answer): RunningTransfer {
  const run = transferred(answer).begin();
  if (run === undefined) throw new Error('there is no room');
  return run;
}

function transferred(answer: Answer): Transfer {
  if (answer.kind !== 'transfer') throw new Error(`no transfer but ${JSON.stringify(textOf(answer))}`);
  return answer;
}

function all({ records }: RunningTransfer): readonly string[] {
  const sets: RRset[] = [];
  for (let next = records.next(); next.done !== true; next = records.next()) sets.push(next.value);
  return recordsOf(sets);
}

/** An IXFR question of a secondary that has this serial. */
function ixfr(serial: number, client: Partial<Client> = TCP): Query {
  const bare = makeQuery('example.org.', 'IXFR', { client });
  return bare.asking(bare.question, { ...bare.request, authorityRecords: [soaOf('example.org.', serial)] });
}

const SOA = 'example.org. 5 IN SOA example.org. example.org. 7 7200 1800 86400 5';

describe('AXFR', () => {
  it('gives the SOA, all records, and the SOA again', async () => {
    const service = await serving(OPEN, zone(7));
    expect(all(begun(asked(service, 'EXAMPLE.org.', 'AXFR')))).toEqual([
      SOA,
      'www.example.org. 5 IN A 192.0.2.80',
      SOA,
    ]);
  });

  it('gives the zone as it is when it begins', async () => {
    const changing = zone(6);
    const service = await serving(OPEN, changing);
    const answer = asked(service, 'example.org.', 'AXFR');
    changing.serial = 7;
    expect(all(begun(answer))[0]).toBe(SOA);
    changing.serial = undefined;
    expect(transferred(answer).begin()).toBeUndefined();
  });

  it('over UDP is refused', async () => {
    const service = await serving(OPEN, zone(7));
    expect(refusal(asked(service, 'example.org.', 'AXFR', { protocol: 'udp' }))).toBe('REFUSED transfer_over_udp');
  });

  it('of a zone that nobody has goes to the next plugin', async () => {
    const service = await serving('transfer {\nto *\n}', zone(7));
    expect(textOf(asked(service, 'example.net.', 'AXFR'))).toEqual(PASSED);
    expect(textOf(asked(service, 'www.example.org.', 'AXFR'))).toEqual(PASSED);
  });

  it('of a zone of another directive goes to the next plugin', async () => {
    const service = await serving('transfer example.net {\nto *\n}', zone(7));
    expect(textOf(asked(service, 'example.org.', 'AXFR'))).toEqual(PASSED);
  });

  it('of a zone whose content is not known is SERVFAIL', async () => {
    const service = await serving(OPEN, zone(undefined));
    expect(refusal(asked(service, 'example.org.', 'AXFR'))).toBe('SERVFAIL zone_not_known');
  });

  it('of another class, and within NOTIFY, goes to the next plugin', async () => {
    const service = await serving(OPEN, zone(7));
    const chaos = makeQuery('example.org.', 'AXFR', { client: TCP, class: 'CH' });
    const notify = makeQuery('example.org.', 'AXFR', { client: TCP, flags: Opcode.NOTIFY << 11 });
    expect(textOf(ask(service.plugin, chaos))).toEqual(PASSED);
    expect(textOf(ask(service.plugin, notify))).toEqual(PASSED);
  });

  it('is never given from the answer cache, and other questions may be', async () => {
    const service = await serving(OPEN, zone(7));
    const [whole, address] = [ixfr(7), makeQuery('example.org.', 'A')];
    ask(service.plugin, whole);
    ask(service.plugin, address);
    expect([whole.replaying.allowed, address.replaying.allowed]).toEqual([false, true]);
  });
});

describe('IXFR', () => {
  it.each([
    [7, 'current'],
    [8, 'newer'],
    [0x8000_0006, 'newer in the circle of serials (RFC 1982)'],
  ])('with %i, which is %s, gives the SOA alone', async (serial) => {
    const service = await serving(OPEN, zone(7));
    expect(textOf(ask(service.plugin, ixfr(serial)))).toMatchObject({ rcode: 'NOERROR', aa: true, answers: [SOA] });
  });

  it.each([6, 0, 0x8000_0008, 0xffff_ffff])('with the older %i gives the whole zone', async (serial) => {
    const service = await serving(OPEN, zone(7));
    expect(all(begun(ask(service.plugin, ixfr(serial))))).toHaveLength(3);
  });

  it('without a serial gives the whole zone', async () => {
    const service = await serving(OPEN, zone(7));
    expect(all(begun(asked(service, 'example.org.', 'IXFR')))).toHaveLength(3);
  });

  it('over UDP gives the SOA alone, so that the client comes again over TCP', async () => {
    const service = await serving(OPEN, zone(7));
    const answer = ask(service.plugin, ixfr(6, { ...TCP, protocol: 'udp' }));
    expect(textOf(answer)).toMatchObject({ rcode: 'NOERROR', answers: [SOA] });
  });
});

describe('to', () => {
  const cases: [to: string, client: string, may: boolean][] = [
    ['*', '203.0.113.9', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1:5353', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.0/24', '192.0.2.200', true],
    ['192.0.2.0/24', '192.0.3.1', false],
    ['2001:db8::/32', '2001:db8::7', true],
    ['2001:db8::/32', '192.0.2.1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['198.51.100.1 192.0.2.0/24', '192.0.2.1', true],
  ];

  it.each(cases)('%s and a client at %s', async (to, clientAddress, may) => {
    const service = await serving(`transfer {\nto ${to}\n}`, zone(7));
    const axfr = asked(service, 'example.org.', 'AXFR', { ...TCP, clientAddress });
    expect(axfr.kind === 'transfer').toBe(may);
    if (!may) expect(refusal(axfr)).toBe('REFUSED transfer_not_allowed');
    const overUdp = asked(service, 'example.org.', 'IXFR', { protocol: 'udp', clientAddress });
    expect(overUdp.kind === 'reply').toBe(may);
  });

  it('is asked before anything is told of the zone', async () => {
    const service = await serving('transfer {\nto 192.0.2.77\n}', zone(undefined));
    for (const name of ['example.org.', 'example.net.']) {
      expect(refusal(asked(service, name, 'AXFR'))).toBe('REFUSED transfer_not_allowed');
    }
  });

  it('is that of the longest zone', async () => {
    const service = await serving(
      'transfer org {\nto *\n}\ntransfer example.org {\nto 192.0.2.77\n}',
      zone(7),
      zone(7, 'other.org.'),
    );
    expect(refusal(asked(service, 'example.org.', 'AXFR'))).toBe('REFUSED transfer_not_allowed');
    expect(asked(service, 'other.org.', 'AXFR').kind).toBe('transfer');
  });
});

describe('transfers at once', () => {
  it('are bounded for each client (transfersPerClient)', async () => {
    const service = await serving(OPEN, zone(7));
    const runs = Array.from({ length: bounds.transfersPerClient }, () => begun(asked(service, 'example.org.', 'AXFR')));
    expect(refusal(asked(service, 'example.org.', 'AXFR'))).toBe('SERVFAIL too_many_transfers');
    expect(asked(service, 'example.org.', 'AXFR', { ...TCP, clientAddress: '192.0.2.2' }).kind).toBe('transfer');
    runs[0]?.ended(false);
    runs[0]?.ended(false);
    begun(asked(service, 'example.org.', 'AXFR'));
    expect(refusal(asked(service, 'example.org.', 'AXFR'))).toBe('SERVFAIL too_many_transfers');
  });

  it('are bounded in all (transfers), also where they were answered before others began', async () => {
    const service = await serving(OPEN, zone(7));
    const answers = Array.from({ length: bounds.transfers + 1 }, (_, i) =>
      transferred(asked(service, 'example.org.', 'AXFR', { ...TCP, clientAddress: `192.0.2.${i}` })),
    );
    const last = answers.pop();
    for (const answer of answers) expect(answer.begin()).toBeDefined();
    expect(last?.begin()).toBeUndefined();
    expect(refusal(asked(service, 'example.org.', 'AXFR'))).toBe('SERVFAIL too_many_transfers');
  });

  it('are bounded over all server blocks together', async () => {
    const things = makeHost();
    const neighbours = { ...noNeighbours(), zones: [zone(7)] };
    const [one, other] = [
      await serve(transfer, OPEN, { host: { ...things, neighbours } }),
      await serve(transfer, OPEN, { host: { ...things, neighbours } }),
    ];
    for (let i = 0; i < bounds.transfersPerClient; i++) begun(asked(one, 'example.org.', 'AXFR'));
    expect(refusal(asked(other, 'example.org.', 'AXFR'))).toBe('SERVFAIL too_many_transfers');
  });
});

describe('metrics', () => {
  it('count questions by how they ended', async () => {
    const known = zone(7);
    const service = await serving('transfer example.org {\nto 192.0.2.1\n}', known);
    begun(asked(service, 'example.org.', 'AXFR')).ended(true);
    begun(asked(service, 'example.org.', 'AXFR')).ended(false);
    ask(service.plugin, ixfr(7));
    asked(service, 'example.org.', 'AXFR', { ...TCP, clientAddress: '192.0.2.2' });
    asked(service, 'example.org.', 'AXFR', { ...TCP, protocol: 'udp' });
    for (let i = 0; i < bounds.transfersPerClient; i++) begun(asked(service, 'example.org.', 'AXFR'));
    asked(service, 'example.org.', 'AXFR');
    known.serial = undefined;
    asked(service, 'example.org.', 'AXFR');
    const lines = service.host.metrics.render().split('\n');
    const of = (result: string): string =>
      lines
        .find((line) => line.includes(`result="${result}",zone="example.org."`))
        ?.split(' ')
        .at(-1) ?? '0';
    expect(['whole', 'cut', 'current', 'refused', 'busy', 'unknown'].map(of)).toEqual(['1', '1', '1', '2', '1', '1']);
  });
});

it('leaves everything else to the next plugin', async () => {
  const service = await serving(OPEN, zone(7));
  for (const type of ['SOA', 'A', 'ANY']) expect(textOf(asked(service, 'example.org.', type))).toEqual(PASSED);
  expect(textOf(ask(service.plugin, makeQuery('example.org.', 'SOA', { flags: Flag.RD })))).toEqual(PASSED);
});

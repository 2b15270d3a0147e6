/**
 * The same zone asked of knotd and of `file`: the whole reply has to be the same but for what is meant to differ.
 *
 * | what differs on purpose | knotd | here |
 * |---|---|---|
 * | authority section behind records | nothing | the NS records of the apex, as CoreDNS does |
 * | the target of an alias that is not in the zone | the alias alone | asked of the whole server |
 * | an alias that leads to itself | the alias, NOERROR | the same, with an Extended DNS Error |
 * | ANY, RRSIG | one RRset, whichever it is (RFC 8482) | all RRsets |
 * | addresses that several records lead to | once for each record | once |
 */
import type { DataRecord, ResourceRecord } from 'dns-packet';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../../e2e/needs.ts';
import { Flag, encode, readReply } from '../../rfc/asking.ts';
import { lacking } from '../../support/daemon.ts';
import { startKnot } from '../../support/knot.ts';
import { startTestServer } from '../../support/server.ts';
import { EVERYTHING } from './zones.ts';

const TYPES = ['A', 'AAAA', 'NS', 'SOA', 'MX', 'TXT', 'CNAME', 'DNAME', 'SRV', 'DS', 'PTR', 'HTTPS', 'TYPE65280'];
const SIGNED_TYPES = ['A', 'NS', 'TXT', 'DS', 'NSEC', 'DNSKEY'];
const ZONE = 'example.test';

/** Every owner of the zone file, its parents, names below it, and the same in other letters. */
function namesOf(text: string): readonly string[] {
  const owners = [...text.matchAll(/^([^\s;$]\S*)/gm)].map(([, owner = '']) => owner);
  const names = new Set<string>(['nothing', 'a.b.c.nothing', '*']);
  for (const owner of owners.filter((one) => !/^[0-9a-v]{32}\b|\.test\.$/i.test(one))) {
    const labels = owner === '@' ? [] : owner.split('.');
    for (let i = 0; i < labels.length; i++) names.add(labels.slice(i).join('.'));
    const of = owner === '@' ? '' : `.${owner}`;
    names.add(`x${of}`).add(`x.y${of}`).add(`*${of}`).add(`0${of}`).add(`zz${of}`);
    names.add(owner.toUpperCase());
  }
  return [ZONE, ...[...names].filter((name) => name !== '@').map((name) => `${name}.${ZONE}`)];
}

interface Seen {
  readonly rcode: string;
  readonly aa: boolean;
  readonly answers: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** Names come in the letters of the question where compression makes them so: here and there in other places. */
function lineOf({ name, ttl, type, data }: DataRecord): string {
  const plain = JSON.stringify(data, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
  return `${name.toLowerCase()} ${ttl} ${type} ${NAMED.has(type) ? plain.toLowerCase() : plain}`;
}
const NAMED: ReadonlySet<string> = new Set(['CNAME', 'DNAME', 'NS', 'PTR', 'SRV', 'MX', 'SOA']);

/** Each record once: knotd repeats addresses that several records lead to. */
function linesOf(records: readonly ResourceRecord[]): readonly string[] {
  return [...new Set(records.flatMap((record) => (record.type === 'OPT' ? [] : lineOf(record))))].toSorted();
}

/** What is compared of a reply. */
function seenIn(octets: Uint8Array): Seen {
  const { packet, rcode, flags } = readReply(octets);
  const answers = linesOf(packet.answers);
  const leadsAway = answers.some((line) => / CNAME ".*elsewhere\.example"$/.test(line));
  const isPositive = answers.length > 0 && rcode === 'NOERROR' && (flags & Flag.AA) !== 0;
  const authority = linesOf(packet.authorities).filter((line) => !(isPositive && isOfApex(line)));
  return {
    rcode: leadsAway ? 'that of the other zone' : rcode,
    aa: (flags & Flag.AA) !== 0,
    answers,
    authority: leadsAway ? [] : authority,
    additional: linesOf(packet.additionals),
  };
}

/** The NS records of the apex and their signature. */
function isOfApex(line: string): boolean {
  return line.startsWith(`${ZONE} `) && (/ NS /.test(line) || /"typeCovered":"NS"/.test(line));
}

interface Pair {
  readonly text: string;
  ask(question: string, dnssecOk: boolean): Promise<{ readonly theirs: Seen; readonly ours: Seen }>;
  close(): Promise<void>;
}

async function startPair(signed: 'nsec' | 'nsec3' | undefined): Promise<Pair> {
  const knot = await startKnot({ name: `${ZONE}.`, text: EVERYTHING, ...(signed === undefined ? {} : { signed }) });
  const folder = await mkdtemp(join(tmpdir(), 'nodens-file-'));
  const text = await knot.text();
  await writeFile(join(folder, 'db'), text);
  const blocks = `${ZONE} {\nfile ${folder}/db\n}\nelsewhere.example {\ntemplate ANY ANY {\nrcode NXDOMAIN\n}\n}\n`;
  const server = await startTestServer({ corefile: blocks });
  return {
    text,
    ask: async (question, dnssecOk) => {
      const request = encode({ ask: question, edns: { size: 4096, ...(dnssecOk ? { dnssecOk } : {}) } });
      const reply = await server.ask(request, { protocol: 'tcp' });
      return { theirs: seenIn(await knot.ask(request)), ours: seenIn(reply ?? new Uint8Array(12)) };
    },
    close: async () => {
      await knot.stop();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

const NAMES = namesOf(EVERYTHING);

describeWith('knotd', lacking('knotd'), () => {
  describe.each([
    ['a zone without signatures', undefined, TYPES],
    ['a zone signed with NSEC', 'nsec', SIGNED_TYPES],
    ['a zone signed with NSEC3', 'nsec3', SIGNED_TYPES],
  ] as const)('%s', (_, signed, types) => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await startPair(signed);
    }, 30_000);
    afterAll(() => pair.close());

    it.each(types)(`${NAMES.length} questions for %s have the same answers`, { timeout: 30_000 }, async (type) => {
      const different: unknown[] = [];
      for (const name of NAMES) {
        // oxlint-disable-next-line no-await-in-loop -- one question after another
        const { theirs, ours } = await pair.ask(`${name}. ${type}`, signed !== undefined);
        if (!isDeepStrictEqual(ours, theirs)) different.push({ name, theirs, ours });
      }
      expect(different).toEqual([]);
    });

    it.each(['ANY', 'RRSIG'])('a question for %s has all that knotd answers with', async (type) => {
      for (const name of NAMES) {
        // oxlint-disable-next-line no-await-in-loop
        const { theirs, ours } = await pair.ask(`${name}. ${type}`, signed !== undefined);
        expect({ ...ours, answers: [] }, name).toEqual({ ...theirs, answers: [], additional: ours.additional });
        expect(ours.answers, name).toEqual(expect.arrayContaining([...theirs.answers]));
        expect(theirs.answers.length > 0, name).toBe(ours.answers.length > 0);
      }
    });
  });
});

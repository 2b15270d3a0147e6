/** RFC 3597, types that are not known. */
import { describe, expect, it } from 'vitest';
import { writtenNames } from './names.ts';
import { answersOf, servingZone } from './zone-file.ts';

const { ask } = servingZone(
  'example',
  String.raw`$TTL 60
@ SOA ns hostmaster 1 7200 1800 86400 60
a TYPE65534 \# 4 0A000001
a CLASS1 TYPE731 \# 6 abcd (
                  ef 01 23 45 )
e IN TYPE1 \# 4 0A000001
f A \# 4 C0000201
empty TYPE62347 \# 0
name TYPE65534 \# 9 076578616d706c6500
case TYPE65534 \# 1 61
case TYPE65534 \# 1 41
case TYPE65534 \# 1 61
mx TYPE15 \# 11 000a 076578616d706c6500
*.wild TYPE65534 \# 1 ff
`,
);

/** The data of the records of an answer, in hexadecimal. */
async function dataOf(question: string): Promise<readonly string[]> {
  const { packet } = await ask({ ask: question });
  return packet.answers.flatMap((record) => {
    if (record.type === 'OPT') return [];
    return Buffer.isBuffer(record.data) ? record.data.toString('hex') : JSON.stringify(record.data);
  });
}

describe('RFC 3597', () => {
  it.each([
    ['a.example. TYPE65534', ['0a000001']],
    ['a.example. TYPE731', ['abcdef012345']],
    ['empty.example. TYPE62347', ['']],
    ['x.wild.example. TYPE65534', ['ff']],
  ])('§3 data of an unknown type is given as it stands: %s', async (question, data) => {
    expect(await dataOf(question)).toEqual(data);
  });

  it('§3 a question for an unknown type that is not there has no data, or no name', async () => {
    const noData = await ask({ ask: 'a.example. TYPE65533' });
    expect([noData.rcode, noData.packet.answers]).toEqual(['NOERROR', []]);
    expect((await ask({ ask: 'x.example. TYPE65533' })).rcode).toBe('NXDOMAIN');
  });

  it('§4 what looks like a name in unknown data is not compressed, nor pointed at', async () => {
    const { octets, packet } = await ask({ ask: 'name.example. TYPE65534' });
    expect(packet.answers).toHaveLength(1);
    expect(octets.includes(Buffer.from('0009076578616d706c6500', 'hex'))).toBe(true);
    for (const { pointer } of writtenNames(octets)) expect(pointer ?? 0).toBeLessThan(30);
  });

  it.each([
    ['e.example. A', ['e.example A 10.0.0.1']],
    ['f.example. A', ['f.example A 192.0.2.1']],
    ['mx.example. MX', ['mx.example MX {"preference":10,"exchange":"example"}']],
  ])('§5 data of a known type in the generic form is data of that type: %s', async (question, answers) => {
    expect(answersOf(await ask({ ask: question }))).toEqual(answers);
  });

  it('§6 data of an unknown type is compared octet by octet, letters in their case', async () => {
    expect(await dataOf('case.example. TYPE65534')).toEqual(['61', '41']);
  });
});

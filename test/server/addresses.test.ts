/** The addresses of this machine: those that a server answers for, and those that `bind` means. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { FactCounters, ownAddressesFact } from '../../src/cluster/facts.ts';
import { formatAddress } from '../../src/dns/address.ts';
import { expandBind } from '../../src/server/bind-addresses.ts';
import { OwnAddresses } from '../../src/server/own-addresses.ts';

const texts = (octets: readonly Uint8Array[]): readonly string[] => octets.map(formatAddress);

describe('own addresses', () => {
  function own(first: readonly string[]) {
    let machine = first;
    const facts = new FactCounters();
    const addresses = new OwnAddresses(facts, () => machine);
    const change = (to: readonly string[]): number => {
      machine = to;
      const before = facts.version(ownAddressesFact);
      addresses.refresh();
      return facts.version(ownAddressesFact) - before;
    };
    return { addresses, change };
  }

  it('are those of the machine where all are listened at', () => {
    const { addresses } = own(['10.0.0.5', 'fe80::1']);
    expect(texts(addresses.for(['*']))).toEqual(['10.0.0.5', 'fe80::1']);
    expect(texts(addresses.for(['127.0.0.1', '*']))).toEqual(['10.0.0.5', 'fe80::1']);
  });

  it('are those that are listened at where that is some; a scope means nothing to others', () => {
    const { addresses } = own(['10.0.0.5']);
    expect(texts(addresses.for(['10.1.0.1', 'fe80::2%eth0', 'eth7']))).toEqual(['10.1.0.1', 'fe80::2']);
    expect(texts(addresses.for([]))).toEqual([]);
  });

  it('raise their counter when they change, and only then', () => {
    const { addresses, change } = own(['10.0.0.5']);
    expect(change(['10.0.0.5'])).toBe(0);
    expect(change(['10.0.0.5', '10.0.0.6'])).toBe(1);
    expect(texts(addresses.for(['*']))).toEqual(['10.0.0.5', '10.0.0.6']);
    expect(change(['10.0.0.6', '10.0.0.5'])).toBe(1);
    expect(change([])).toBe(1);
    expect(texts(addresses.for(['*']))).toEqual([]);
  });

  it('of this machine leave loopback out', () => {
    const expected = Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .filter(({ internal }) => !internal);
    expect(new OwnAddresses(new FactCounters()).for(['*'])).toHaveLength(expected.length);
  });
});

describe('the words of `bind`', () => {
  const loopback = (networkInterfaces()['lo'] ?? []).map(({ address }) => address);

  it('are addresses as they are, each once, in their order', () => {
    expect(expandBind(['10.0.0.2', '::1', '10.0.0.2', 'fe80::1%eth0'], [])).toEqual([
      '10.0.0.2',
      '::1',
      'fe80::1%eth0',
    ]);
  });

  it('of all addresses are one, however they are written', () => {
    expect(expandBind(['0.0.0.0', '::'], [])).toEqual(['*']);
  });

  it('leave out what is excepted', () => {
    expect(expandBind(['10.0.0.2', '10.0.0.3'], ['10.0.0.3', '10.0.0.4'])).toEqual(['10.0.0.2']);
  });

  it('that are no address and no interface stay, for whoever opens the socket to complain of', () => {
    expect(expandBind(['no-such-if'], [])).toEqual(['no-such-if']);
  });

  it.skipIf(loopback.length === 0)('that are interfaces stand for their addresses, in `except` too', () => {
    expect(expandBind(['lo'], [])).toEqual(loopback);
    expect(expandBind([...loopback, '10.0.0.2'], ['lo'])).toEqual(['10.0.0.2']);
  });
});

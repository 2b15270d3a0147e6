/** The judge: that it lets every answer pass that may be, and none that may not. */
import { describe, expect, it } from 'vitest';
import { OUTSIDE, type Question } from './expected.ts';
import { type Endpoints, NOWHERE, type Places, type Service, type ServiceHistory, Versions } from './history.ts';
import { Judge, type Mark } from './judge.ts';
import { type ReadReply, readReply, requestOctets } from './message.ts';

const service = (address: string): Service => ({
  kind: 'cluster-ip',
  address,
  target: '',
  port: { name: 'http', number: 80 },
});
const headless: Service = { kind: 'headless', address: '', target: '', port: { name: 'http', number: 80 } };
const everywhere = (place: number): Places => ({ namespaces: place, services: place, endpointslices: place });

const reply = (text: string, isStale = false): ReadReply => ({
  rcode: text.split(' ')[0] ?? '',
  text,
  isStale,
  hasWrongCode: false,
});
const address = (ip: string, isStale = false): ReadReply => reply(`NOERROR A ${ip}`, isStale);
const noName = (isStale = false): ReadReply => reply('NXDOMAIN', isStale);

/** A Service with the address 10.0.0.1 from place 10 on, 10.0.0.2 from 20 on, and so on. */
function scene(versions = 3) {
  let delivered: Places = NOWHERE;
  const judge = new Judge({ places: () => delivered });
  const of: ServiceHistory = {
    namespace: 'space',
    name: 'web',
    exists: new Versions(true),
    service: new Versions<Service | undefined>(undefined),
    endpoints: new Versions<Endpoints>([]),
  };
  for (let i = 1; i <= versions; i++) of.service.add(i * 10, service(`10.0.0.${i}`));
  const question: Question = { of, aspect: 'A' };
  const asking = (): Mark => judge.asking(question);
  return {
    judge,
    of,
    question,
    asking,
    /** What the judge finds wrong with an answer to a question that left at this mark. */
    fault: (answer: ReadReply, mark = asking()) => judge.judge(question, mark, answer)?.fault,
    deliver: (places: Places | number) => {
      delivered = typeof places === 'number' ? everywhere(places) : places;
    },
  };
}

describe('versions', () => {
  it('lets pass what was delivered last, what is now, and all between', () => {
    for (const last of [1, 2, 3]) {
      const { deliver, fault } = scene();
      deliver(10);
      expect(fault(address(`10.0.0.${last}`))).toBeUndefined();
    }
  });

  it('reports the version before what was delivered', () => {
    const { deliver, fault } = scene();
    deliver(20);
    expect(fault(address('10.0.0.1'))).toBe('wrong');
  });

  it('lets pass what was delivered after the question had left', () => {
    const { deliver, fault, asking } = scene();
    deliver(10);
    const mark = asking();
    deliver(30);
    expect(fault(address('10.0.0.1'), mark)).toBeUndefined();
  });

  it('reports an answer from the future', () => {
    const { deliver, fault } = scene();
    deliver(10);
    expect(fault(address('10.0.0.4'))).toBe('wrong');
  });

  it("reports another Service's address", () => {
    const { deliver, fault } = scene();
    deliver(10);
    expect(fault(address('10.9.9.9'))).toBe('wrong');
  });

  it('reports a Service that is deleted, and that is not, once that has been delivered', () => {
    const { deliver, fault, of } = scene();
    of.service.add(40, undefined);
    deliver(30);
    expect(fault(address('10.0.0.3'))).toBeUndefined();
    deliver(40);
    expect(fault(address('10.0.0.3'))).toBe('wrong');
    expect(fault(noName())).toBeUndefined();
  });

  it('reports NXDOMAIN for a name that existed all the time', () => {
    const { deliver, fault } = scene();
    deliver(10);
    expect(fault(noName())).toBe('no-name');
  });

  it('reports NXDOMAIN for a name whose namespace never went', () => {
    const { deliver, fault, of } = scene();
    deliver(30);
    expect(fault(noName())).toBe('no-name');
    of.exists.add(50, false);
    expect(fault(noName())).toBeUndefined();
    deliver(50);
    expect(fault(address('10.0.0.3'))).toBe('wrong');
  });

  it('takes each stream at its own place', () => {
    const { deliver, fault, of } = scene(0);
    of.service.add(10, headless);
    of.endpoints.add(20, [{ address: '10.1.0.1', port: 80 }]);
    of.endpoints.add(30, [{ address: '10.1.0.2', port: 80 }]);
    deliver({ namespaces: 99, services: 99, endpointslices: 20 });
    expect(fault(address('10.1.0.1'))).toBeUndefined();
    deliver({ namespaces: 99, services: 99, endpointslices: 30 });
    expect(fault(address('10.1.0.1'))).toBe('wrong');
    expect(fault(address('10.1.0.2'))).toBeUndefined();
  });

  it('reports half a set of endpoints', () => {
    const { deliver, fault, of } = scene(0);
    of.service.add(10, headless);
    of.endpoints.add(20, [
      { address: '10.1.0.1', port: 80 },
      { address: '10.1.0.2', port: 80 },
    ]);
    deliver(20);
    expect(fault(address('10.1.0.1'))).toBe('wrong');
    expect(fault(reply('NOERROR A 10.1.0.1 A 10.1.0.2'))).toBeUndefined();
  });

  it('reports an ExternalName without what it leads to', () => {
    const { deliver, fault, of } = scene(0);
    of.service.add(10, { ...headless, kind: 'external-name', target: 'a.example.com' });
    deliver(10);
    expect(fault(reply('NOERROR CNAME a.example.com'))).toBe('wrong');
    expect(fault(reply(`NOERROR A ${OUTSIDE} CNAME a.example.com`))).toBeUndefined();
  });
});

describe('what an answer has shown', () => {
  it('reports an answer that goes back behind it', () => {
    const { deliver, fault } = scene();
    deliver(10);
    expect(fault(address('10.0.0.2'))).toBeUndefined();
    expect(fault(address('10.0.0.1'))).toBe('wrong');
  });

  it('does not hold for a question that had left before', () => {
    const { deliver, fault, asking } = scene();
    deliver(10);
    const mark = asking();
    expect(fault(address('10.0.0.2'))).toBeUndefined();
    expect(fault(address('10.0.0.1'), mark)).toBeUndefined();
  });

  it('does not hold for the program that is started after it', () => {
    const { deliver, fault, judge } = scene();
    deliver(10);
    expect(fault(address('10.0.0.3'))).toBeUndefined();
    deliver(NOWHERE);
    judge.restarted(everywhere(35), everywhere(10));
    expect(fault(address('10.0.0.1', true))).toBeUndefined();
  });
});

describe('starts', () => {
  it('lets SERVFAIL pass while nothing is known, and no longer', () => {
    const { deliver, fault } = scene();
    expect(fault(reply('SERVFAIL'))).toBeUndefined();
    deliver({ namespaces: 30, services: 30, endpointslices: 0 });
    expect(fault(reply('SERVFAIL'))).toBeUndefined();
    deliver(30);
    expect(fault(reply('SERVFAIL'))).toBe('failure');
  });

  it('reports SERVFAIL where there is a snapshot', () => {
    const { fault, judge } = scene();
    judge.restarted(everywhere(30), everywhere(10));
    expect(fault(reply('SERVFAIL'))).toBe('failure');
  });

  it('lets a marked answer pass that is as old as the snapshot, and no older', () => {
    const { fault, judge } = scene();
    judge.restarted(everywhere(30), everywhere(20));
    expect(fault(address('10.0.0.2', true))).toBeUndefined();
    judge.restarted(everywhere(30), everywhere(20));
    expect(fault(address('10.0.0.1', true))).toBe('wrong');
    expect(fault(noName(true))).toBe('no-name');
  });

  it('reports an old answer that is not marked', () => {
    const { fault, judge } = scene();
    judge.restarted(everywhere(30), everywhere(20));
    expect(fault(address('10.0.0.2'))).toBe('wrong');
    expect(fault(address('10.0.0.3'))).toBeUndefined();
  });

  it('reports a mark where there was no snapshot, and where everything has been delivered', () => {
    const { deliver, fault, judge } = scene();
    judge.restarted(everywhere(30), undefined);
    expect(fault(address('10.0.0.3', true))).toBe('mark');
    judge.restarted(everywhere(30), everywhere(20));
    deliver(30);
    expect(fault(address('10.0.0.3', true))).toBe('mark');
  });

  it('reports the code of the other kind of answer', () => {
    const { fault, judge } = scene();
    judge.restarted(everywhere(30), everywhere(30));
    expect(fault({ ...address('10.0.0.3', true), hasWrongCode: true })).toBe('mark');
  });

  it('does not take from an unmarked answer what it need not rest on', () => {
    const { fault, judge, of } = scene();
    of.exists.add(40, false);
    judge.restarted(everywhere(40), everywhere(10));
    // The namespace has been listed and is not there; the Services are those of the snapshot.
    expect(fault(noName())).toBeUndefined();
    of.exists.add(50, true);
    expect(fault(address('10.0.0.1', true))).toBeUndefined();
  });
});

describe('messages', () => {
  it('are read with records, code and Extended DNS Error', () => {
    const request = requestOctets('web.space.svc.cluster.local', 'A');
    const header = Buffer.from([0, 0, 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 1]);
    const question = request.subarray(12, request.length - 11);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, 0, 1]);
    const opt = (code: number): Buffer => Buffer.from([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 6, 0, 15, 0, 2, 0, code]);
    expect(readReply(Buffer.concat([header, question, record, opt(3)]))).toEqual({
      rcode: 'NOERROR',
      text: 'NOERROR A 10.0.0.1',
      isStale: true,
      hasWrongCode: false,
    });
    expect(readReply(Buffer.concat([header, question, record, opt(19)])).hasWrongCode).toBe(true);
    expect(readReply(Buffer.concat([header, question, record, opt(0)])).isStale).toBe(false);
  });
});

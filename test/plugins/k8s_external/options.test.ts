/** Every error that the page of `k8s_external` lists: where it is, and what to write instead. */
import { describe, expect, it } from 'vitest';
import { k8sExternal } from '../../../src/plugins/k8s_external/k8s_external.ts';
import { expectProblem } from '../problems.ts';
import { problemsOf } from '../support.ts';

const KUBERNETES = 'kubernetes cluster.local';

function problems(lines: string, zones?: readonly string[]): readonly string[] {
  return problemsOf(k8sExternal, lines, zones === undefined ? {} : { zones });
}

describe('errors of `k8s_external`', () => {
  it.each([
    [
      'no cluster',
      'k8s_external example.org',
      /2:1.*which this server block does not have/,
      /kubernetes cluster\.local/,
    ],
    [
      'twice',
      `k8s_external a.test\nk8s_external b.test\n${KUBERNETES}`,
      /3:1.*once per server block/,
      /one 'k8s_external'/,
    ],
    ['unknown option', `k8s_external {\nhedless\n}\n${KUBERNETES}`, /3:1.*hedless/, /headless/],
    ['apex without a label', `k8s_external {\napex\n}\n${KUBERNETES}`, /3:1.*needs an argument/, /apex LABEL/],
    ['apex of two labels', `k8s_external {\napex a.b\n}\n${KUBERNETES}`, /3:6.*'a\.b' is not one label/, /apex dns/],
    ['apex too long', `k8s_external {\napex ${'a'.repeat(64)}\n}\n${KUBERNETES}`, /3:6.*is not one label/, /63/],
    [
      'ttl too long',
      `k8s_external {\nttl 3601\n}\n${KUBERNETES}`,
      /3:5.*ttl must be in range \[0, 3600\]: 3601/,
      /0 to 3600/,
    ],
    ['ttl no number', `k8s_external {\nttl soon\n}\n${KUBERNETES}`, /3:5.*'soon' is not a whole number/, /0 to 3600/],
    ['ttl without a number', `k8s_external {\nttl\n}\n${KUBERNETES}`, /3:1.*needs an argument/, /ttl SECONDS/],
    ['headless with a word', `k8s_external {\nheadless yes\n}\n${KUBERNETES}`, /3:10.*takes no arguments/, /headless/],
    ['a block in the block', `k8s_external {\nheadless {\n}\n}\n${KUBERNETES}`, /3:1.*takes no block/, /\{/],
    [
      'reverse zones alone',
      `k8s_external 10.in-addr.arpa\n${KUBERNETES}`,
      /2:1.*PTR records point into it/,
      /k8s_external example\.org 10\.in-addr\.arpa/,
    ],
    ['no zone', `k8s_external a..b\n${KUBERNETES}`, /2:14.*it has an empty label/, /example\.org/],
  ])('%s', (_, lines, place, instead) => {
    expectProblem(problems(lines), place, instead);
  });

  it('takes what is right: all options, and the zones of the block where it is given none', () => {
    const block = 'apex meta\nttl 0\nheadless\nfallthrough in-addr.arpa';
    expect(problems(`k8s_external a.test 10.0.0.0/24 {\n${block}\n}\n${KUBERNETES}`)).toEqual([]);
    expect(problems(`k8s_external\n${KUBERNETES}`, ['example.org'])).toEqual([]);
    expect(problems(`k8s_external\n${KUBERNETES}`, ['10.in-addr.arpa'])).toHaveLength(1);
  });
});

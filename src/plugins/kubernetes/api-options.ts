/**
 * The options of `kubernetes` that concern its API server: where it is, who asks it, how it is spared, how long a start waits
 * for it, and where its cluster is kept for the next start. In: lines of the directive. Out: typed values, with absolute
 * paths; what is wrong is in `problems`.
 */
import { resolve } from 'node:path';
import type { ApiSource } from '../../cluster/watch/api/api.ts';
import type { SnapshotOptions } from '../../cluster/watch/watch.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { expectArguments, readDuration, readInteger } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import type { ConfigureContext } from '../plugin.ts';
import { DEFAULT_STARTUP_TIMEOUT } from './startup.ts';

/** How an API server is reached and spared. */
export interface ApiOptions {
  /** A URL, or a host with or without a port. */
  endpoint: string | undefined;
  tls: { readonly certificate: string; readonly key: string; readonly ca: string } | undefined;
  kubeconfig: { readonly file: string; readonly context: string | undefined } | undefined;
  /** Requests per second, burst and requests at once; undefined for the client's own limits. */
  qps: number | undefined;
  burst: number | undefined;
  maxInflight: number | undefined;
  /** Milliseconds to wait for the first full state before DNS is served. */
  startupTimeout: number;
  /** Where the state is kept for the next start. */
  snapshot: SnapshotOptions | undefined;
}

/** Milliseconds: the age from which on a snapshot is not used. */
export const DEFAULT_SNAPSHOT_AGE = 24 * 3_600_000;

type Words = (first: Token, second: Token | undefined, third: Token | undefined) => void;
type Handlers = Readonly<Record<string, (option: Directive) => void>>;

export function defaultApiOptions(): ApiOptions {
  return {
    endpoint: undefined,
    tls: undefined,
    kubeconfig: undefined,
    qps: undefined,
    burst: undefined,
    maxInflight: undefined,
    startupTimeout: DEFAULT_STARTUP_TIMEOUT,
    snapshot: undefined,
  };
}

/** What reads each of these options into `api`. */
export function apiHandlers(
  api: ApiOptions,
  { folder, problems }: Pick<ConfigureContext, 'folder' | 'problems'>,
): Handlers {
  /** Hands over the words of an option if their number is right. */
  const words = (min: number, max: number, usage: string, use: Words) => {
    return (option: Directive): void => {
      const [first, second, third] = option.args;
      if (expectArguments(option, problems, { min, max, usage }) && first !== undefined) use(first, second, third);
    };
  };
  // Empty quotes stand for no file, as in CoreDNS.
  const path = (token: Token | undefined): string =>
    token === undefined || token.text === '' ? '' : resolve(folder, token.text);
  // As the Kubernetes client has it, 0 stands for its own limits.
  const limit = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);
  return {
    endpoint: words(1, Infinity, 'endpoint URL', (url, second) => {
      api.endpoint = readEndpoint(url, problems);
      if (second !== undefined) problems.warning(second, 'only the first endpoint is used');
    }),
    tls: words(3, 3, 'tls CERT KEY CACERT', (certificate, key, ca) => {
      api.tls = { certificate: path(certificate), key: path(key), ca: path(ca) };
    }),
    kubeconfig: words(1, 2, 'kubeconfig FILE [CONTEXT]', (file, context) => {
      api.kubeconfig = { file: path(file), context: context?.text };
    }),
    apiserver_qps: words(1, 1, 'apiserver_qps NUMBER', (token) => {
      api.qps = limit(readRate(token, problems));
    }),
    apiserver_burst: words(1, 1, 'apiserver_burst NUMBER', (token) => {
      api.burst = limit(readInteger(token, problems, { min: 0, what: 'apiserver_burst' }));
    }),
    apiserver_max_inflight: words(1, 1, 'apiserver_max_inflight NUMBER', (token) => {
      api.maxInflight = limit(readInteger(token, problems, { min: 0, what: 'apiserver_max_inflight' }));
    }),
    startup_timeout: words(1, 1, 'startup_timeout DURATION', (token) => {
      api.startupTimeout = readDuration(token, problems) ?? api.startupTimeout;
    }),
    snapshot: words(1, 2, 'snapshot PATH [MAX_AGE]', (file, age) => {
      if (api.snapshot !== undefined) {
        problems.error(file, `the snapshot is kept in ${shorten(api.snapshot.path)} already`, {
          expected: `one 'snapshot'`,
        });
      } else if (file.text === '') {
        problems.error(file, 'the name of the file is empty', { expected: 'snapshot PATH [MAX_AGE]' });
      } else {
        const maxAge = age === undefined ? undefined : readDuration(age, problems, { min: 1 });
        api.snapshot = { path: path(file), maxAge: maxAge ?? DEFAULT_SNAPSHOT_AGE };
      }
    }),
  };
}

/** Warns of options that another one leaves without effect; CoreDNS reads over them. */
export function warnOfUnusedOptions(directive: Directive, api: ApiOptions, problems: Problems): void {
  const at = (name: string): Token =>
    directive.block?.find((option) => option.name.text === name)?.name ?? directive.name;
  if (api.kubeconfig !== undefined && api.endpoint !== undefined) {
    problems.warning(at('endpoint'), "'endpoint' has no effect beside 'kubeconfig'", { expected: 'one of the two' });
  } else if (api.tls !== undefined && api.endpoint === undefined) {
    problems.warning(at('tls'), "'tls' has no effect without 'endpoint'", {
      expected: 'endpoint https://HOST:PORT beside it',
    });
  }
}

/** `kubeconfig` before `endpoint` before the service account of the pod, as CoreDNS has it. */
export function apiSource({ kubeconfig, endpoint, tls }: ApiOptions): ApiSource {
  if (kubeconfig !== undefined) return { kind: 'kubeconfig', ...kubeconfig };
  if (endpoint === undefined) return { kind: 'in-cluster' };
  const url = SCHEME.test(endpoint) ? endpoint : `${tls === undefined ? 'http' : 'https'}://${endpoint}`;
  return { kind: 'endpoint', url, tls };
}

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** A URL, or what becomes one by a scheme before it. */
function readEndpoint(token: Token, problems: Problems): string | undefined {
  const { text } = token;
  const url = SCHEME.test(text) ? text : `https://${text}`;
  if (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)) return text;
  problems.error(token, `'${shorten(text)}' is not the URL of an API server`, {
    expected: 'a URL such as https://10.96.0.1:6443',
  });
  return undefined;
}

/** A number of at least 0, fractions allowed. */
function readRate(token: Token, problems: Problems): number | undefined {
  if (/^\d+(\.\d+)?$/.test(token.text)) return Number(token.text);
  problems.error(token, `'${shorten(token.text)}' is not a rate`, { expected: 'a number of at least 0' });
  return undefined;
}

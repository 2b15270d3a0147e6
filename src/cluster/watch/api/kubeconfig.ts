/**
 * A kubeconfig file: contexts, certificates, tokens, plug-ins that give credentials. The Kubernetes client for JavaScript reads
 * it and asks the plug-ins; it is large, so only this file imports it, and only what needs a kubeconfig imports this file.
 *
 *     file ─► choice of a context (server, user) ─► KubeConfig ─► headers, certificates ─► Access
 */
import { dirname } from 'node:path';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Access, Credentials } from './access.ts';
import { ApiError, type ApiSource } from './api.ts';
import { type Chosen, choose } from './kubeconfig-context.ts';
import { Renewed } from './renewed.ts';
import { Securities } from './security.ts';
import { readSmallFile, unreadable } from './small-file.ts';
import type { Surroundings } from './surroundings.ts';
import { bearer } from './token.ts';
import { line } from './words.ts';

type Kubeconfig = Extract<ApiSource, { kind: 'kubeconfig' }>;

/** @throws ApiError where the file or the context is missing, or names what cannot be used */
export async function kubeconfig(
  source: Kubeconfig,
  { limits, now }: Surroundings,
  report: (line: string) => void,
): Promise<Credentials> {
  const { file } = source;
  const first = await load(source);
  const { address, proxy, ca } = first.chosen;
  const securities = new Securities({ ca: ca ?? file, certificate: file, key: file });
  let loaded: Loaded | undefined = first;
  const read = async (refused: boolean): Promise<Access> => {
    const text = await readSmallFile(file);
    // Plug-ins are asked through the object, which remembers what they said: a new one has forgotten it.
    if (loaded === undefined || refused || loaded.text !== text) loaded = await load(source);
    const { chosen } = loaded;
    if (chosen.address.host !== address.host || chosen.address.prefix !== address.prefix || chosen.proxy !== proxy) {
      throw new ApiError(`${file} names another API server now, ${chosen.address.host}; restart to use it`);
    }
    try {
      return await accessOf(loaded, file, securities);
    } catch (error) {
      loaded = undefined;
      throw error;
    }
  };
  const credentials = new Renewed({
    address,
    proxy,
    authority: ca === undefined ? 'a CA of the system' : `the CA in ${ca}`,
    name: `kubeconfig ${file}`,
    read,
    age: limits.apiCredentialsAge,
    time: limits.apiCredentialsTime,
    now,
    report,
  });
  // What a plug-in gives may be missing for a while, and comes later; a file that is not there is a mistake.
  if (!first.chosen.asks) await credentials.current();
  return credentials;
}

interface Loaded {
  readonly text: string;
  readonly chosen: Chosen;
  readonly config: KubeConfig;
}

async function load({ file, context }: Kubeconfig): Promise<Loaded> {
  const text = await readSmallFile(file);
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(file));
  } catch (cause) {
    throw new ApiError(`${file} is no kubeconfig: ${line(cause)}`, { cause });
  }
  const chosen = choose(config, text, file, context);
  config.loadFromOptions({
    clusters: [chosen.cluster],
    users: [chosen.user],
    contexts: [{ name: 'chosen', cluster: chosen.cluster.name, user: chosen.user.name }],
    currentContext: 'chosen',
  });
  return { text, chosen, config };
}

async function accessOf({ config, chosen }: Loaded, file: string, securities: Securities): Promise<Access> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    throw failureOf(cause, chosen, file);
  }
  const headers = headersOf(
    options,
    chosen.tokenFile === undefined ? undefined : await readSmallFile(chosen.tokenFile),
    file,
  );
  const security = chosen.address.secure
    ? securities.of({
        ca: pem(options.ca),
        certificate: pem(options.cert),
        key: pem(options.key),
        verify: !chosen.insecure,
        serverName: chosen.serverName,
      })
    : undefined;
  return { headers, security };
}

function headersOf(options: RequestOptions, token: string | undefined, file: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (options.auth !== undefined && options.auth !== null) {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (token !== undefined) headers['authorization'] = bearer(token, file);
  return headers;
}

/** The library gives texts or buffers of PEM, and plug-ins give texts. */
function pem(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString() : undefined;
}

function failureOf(cause: unknown, chosen: Chosen, file: string): ApiError {
  if (cause instanceof Error && 'path' in cause && 'syscall' in cause && cause.syscall === 'open') {
    return unreadable(String(cause.path), cause);
  }
  const who = chosen.asks ? `the credentials of user '${chosen.user.name}' in ${file}` : file;
  return new ApiError(`${who}: ${line(cause)}`, { cause });
}

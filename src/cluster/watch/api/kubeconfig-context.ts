/**
 * The server and the user that a context of a kubeconfig names, put into what the library understands: it knows nothing of
 * `tokenFile`, takes commands of plug-ins relative to nothing, tells them nothing, and refuses HTTP.
 */
import { dirname, isAbsolute, join } from 'node:path';
import type { Cluster, Context, KubeConfig, User } from '@kubernetes/client-node';
import { load } from 'js-yaml';
import { isRecord } from '../../reduce/reading.ts';
import { type ServerAddress, parseAddress } from './address.ts';
import { ApiError } from './api.ts';

export interface Chosen {
  readonly address: ServerAddress;
  readonly proxy: string | undefined;
  /** Where the authorities' certificates are: a path. Undefined for those of the system. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly serverName: string | undefined;
  /** Who asks a program or a server for its credentials. */
  readonly asks: boolean;
  readonly tokenFile: string | undefined;
  readonly cluster: Cluster;
  readonly user: User;
}

/** @throws ApiError where the context or what it names does not exist */
export function choose(config: KubeConfig, text: string, file: string, wanted: string | undefined): Chosen {
  const context = contextOf(config, file, wanted);
  const cluster = config.getCluster(context.cluster);
  if (cluster === null) throw missing(file, context, 'cluster', context.cluster);
  // A context may name no user: some servers ask for nobody's name.
  const user = context.user ? config.getUser(context.user) : { name: 'nobody' };
  if (user === null) throw missing(file, context, 'user', context.user);
  const hasAuthority = Boolean(cluster.caData) || Boolean(cluster.caFile);
  const hasCertificate = Boolean(user.certData) || Boolean(user.certFile);
  const address = parseAddress(cluster.server, hasAuthority || hasCertificate || cluster.skipTLSVerify);
  return {
    address,
    proxy: proxyOf(cluster, file),
    ca: cluster.caFile || (hasAuthority ? file : undefined),
    insecure: cluster.skipTLSVerify,
    serverName: cluster.tlsServerName || undefined,
    asks: Boolean(user.exec) || Boolean(user.authProvider),
    tokenFile: tokenFileOf(text, user.name, dirname(file)),
    cluster: libraryCluster(cluster, address),
    user: isRecord(user.exec) ? { ...user, exec: plugin(user.exec, dirname(file)) } : user,
  };
}

function contextOf(config: KubeConfig, file: string, wanted: string | undefined): Context {
  const name = wanted ?? config.getCurrentContext();
  const names = config.getContexts().map((context) => context.name);
  const existing = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  // An empty or missing `current-context`.
  if (!name)
    throw new ApiError(`${file} has no current context: name one with 'kubeconfig ${file} CONTEXT'; ${existing}`);
  const context = config.getContextObject(name);
  if (context === null) throw new ApiError(`${file} has no context '${name}'; ${existing}`);
  return context;
}

function missing(file: string, context: Context, kind: string, name: string | undefined): ApiError {
  return new ApiError(`${file}: context '${context.name}' names the ${kind} '${name ?? ''}', which does not exist`);
}

function proxyOf({ proxyUrl }: Cluster, file: string): string | undefined {
  if (!proxyUrl) return undefined;
  if (/^https?:\/\//i.test(proxyUrl) && URL.canParse(proxyUrl)) return proxyUrl;
  throw new ApiError(`${file}: proxy-url '${proxyUrl}' is not supported: it must begin with http:// or https://`);
}

/**
 * Connections are made elsewhere, proxies are used there. Whether the certificate is checked is decided there too: here it only
 * keeps the library from refusing HTTP.
 */
function libraryCluster({ name, caData, caFile }: Cluster, address: ServerAddress): Cluster {
  const authority = { ...(caData ? { caData } : {}), ...(caFile ? { caFile } : {}) };
  const server = `${address.secure ? 'https' : 'http'}://${address.host}`;
  return { name, server, skipTLSVerify: !address.secure, ...authority };
}

/** What plug-ins expect in their environment: https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
function plugin(exec: Readonly<Record<string, unknown>>, folder: string): Readonly<Record<string, unknown>> {
  const { command, apiVersion, env } = exec;
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const environment: readonly unknown[] = Array.isArray(env) ? env : [];
  return {
    ...exec,
    command:
      typeof command === 'string' && command.includes('/') && !isAbsolute(command) ? join(folder, command) : command,
    env: [{ name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }, ...environment],
  };
}

function tokenFileOf(text: string, userName: string, folder: string): string | undefined {
  const content = load(text);
  const users: readonly unknown[] = isRecord(content) && Array.isArray(content['users']) ? content['users'] : [];
  const entry = users.find((each) => isRecord(each) && each['name'] === userName);
  const user = isRecord(entry) && isRecord(entry['user']) ? entry['user'] : {};
  const path = user['tokenFile'];
  if (typeof path !== 'string' || path === '') return undefined;
  return isAbsolute(path) ? path : join(folder, path);
}

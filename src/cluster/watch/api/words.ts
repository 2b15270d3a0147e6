/**
 * Why no response came, in a sentence for whoever runs the cluster: the errors of the system, of TLS and of HTTP, from one
 * table.
 */

export interface About {
  /** `10.96.0.1:443` */
  readonly host: string;
  readonly hostname: string;
  /** Where the authorities' certificates are from: `the CA in /etc/ca.crt`. */
  readonly authority: string;
  readonly proxy: string | undefined;
}

type Words = (about: About, error: Error) => string;

const unsigned: Words = ({ host, authority }) =>
  `the certificate of the API server ${host} is not signed by ${authority}`;
const breaks: Words = ({ host }) => `the API server ${host} breaks the connection`;
const silent: Words = ({ host }) => `the API server ${host} does not answer`;
const unreachable: Words = ({ host }) => `there is no way through the network to the API server ${host}`;
const unknownName: Words = ({ hostname }) => `the name '${hostname}' of the API server does not exist`;
const noHttp: Words = ({ host }) => `the API server ${host} does not speak HTTP`;
const noTls: Words = ({ host }) => `the API server ${host} does not speak TLS: is it http://?`;
const noSockets: Words = () => 'this process may open no more sockets';
const rejected: Words = ({ host }) => `the API server ${host} does not accept our client certificate`;

const WORDS: ReadonlyMap<string, Words> = new Map<string, Words>([
  ['ECONNREFUSED', ({ host }) => `the API server ${host} refuses the connection`],
  ['ECONNRESET', breaks],
  ['ECONNABORTED', breaks],
  ['EPIPE', breaks],
  ['ETIMEDOUT', silent],
  ['EHOSTUNREACH', unreachable],
  ['ENETUNREACH', unreachable],
  ['EHOSTDOWN', unreachable],
  ['ENETDOWN', unreachable],
  ['EADDRNOTAVAIL', unreachable],
  ['EMFILE', noSockets],
  ['ENFILE', noSockets],
  ['ENOTFOUND', unknownName],
  ['EAI_NONAME', unknownName],
  ['EAI_NODATA', unknownName],
  ['EAI_AGAIN', ({ hostname }) => `the name '${hostname}' of the API server cannot be looked up now`],

  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', unsigned],
  ['UNABLE_TO_GET_ISSUER_CERT', unsigned],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unsigned],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', unsigned],
  ['SELF_SIGNED_CERT_IN_CHAIN', unsigned],
  ['CERT_SIGNATURE_FAILURE', unsigned],
  ['CERT_UNTRUSTED', unsigned],
  ['INVALID_CA', unsigned],
  ['CERT_HAS_EXPIRED', ({ host }) => `the certificate of the API server ${host} has expired`],
  [
    'CERT_NOT_YET_VALID',
    ({ host }) => `the certificate of the API server ${host} is not valid yet: is the clock right?`,
  ],
  ['CERT_REVOKED', ({ host }) => `the certificate of the API server ${host} has been revoked`],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    ({ host }, error) => `the certificate of the API server ${host} is for ${namesIn(error)}`,
  ],

  ['ERR_SSL_WRONG_VERSION_NUMBER', noTls],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', noTls],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', ({ host }) => `the API server ${host} asks for a client certificate`],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', rejected],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', rejected],
  [
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
    ({ host }) => `the API server ${host} says that our client certificate has expired`,
  ],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', rejected],

  ['HPE_HEADER_OVERFLOW', ({ host }) => `the API server ${host} sends more header than is read`],
]);

/** Errors after which certificates are worth reading again. */
const OF_CERTIFICATES: ReadonlySet<Words> = new Set([unsigned, rejected]);

/** The sentence, without a full stop. */
export function sentenceFor(error: unknown, about: About): string {
  if (!(error instanceof Error)) return `the API server ${about.host}: ${line(error)}`;
  const words = wordsOf(error);
  const sentence = words?.(about, error) ?? `the API server ${about.host} cannot be asked: ${line(error)}`;
  return about.proxy === undefined ? sentence : `${sentence} (through the proxy ${proxyHost(about.proxy)})`;
}

/** Whether newer certificates, ours or the authorities', could have made it work. */
export function isAboutCertificates(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const words = wordsOf(error);
  return (words !== undefined && OF_CERTIFICATES.has(words)) || /CERT/.test(codeOf(error) ?? '');
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Characters of a foreign text that are shown. */
const SHOWN = 300;

/** A foreign error as one line of bounded length. */
export function line(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/[\p{C}\s]+/gu, ' ').trim();
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function wordsOf(error: Error): Words | undefined {
  const code = codeOf(error) ?? '';
  const words = WORDS.get(code);
  if (words !== undefined) return words;
  if (code.startsWith('HPE_')) return noHttp;
  return code === 'EPROTO' && /wrong version number|packet length too long|record layer failure/.test(error.message)
    ? noTls
    : undefined;
}

/** The names of a certificate that is another's, as far as they can be shown in a line. */
function namesIn(error: Error): string {
  const host = 'host' in error ? String(error.host) : '';
  const names = /altnames: ([^\n]*)$/.exec(error.message)?.[1] ?? '';
  const not = host === '' ? '' : `, not for ${host}`;
  return names === '' ? `another name${not}` : `${names.slice(0, SHOWN)}${not}`;
}

function proxyHost(proxy: string): string {
  return URL.parse(proxy)?.host ?? 'of the kubeconfig';
}

/**
 * `tls CERT KEY [CA] { client_auth … ; keylog FILE }`: who the server is where a block is served over TLS or HTTPS, and what it
 * asks of clients. In: words that name files. Out: the PEM texts in them, checked so far that no handshake will fail for what
 * stands in the files.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { bounds } from '../../bounds.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock, readChoice } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { readSmallFile } from '../small-file.ts';
import { onlyUse } from '../once.ts';
import type { ClientAuth, ReadFile, ServerTls, SettingDirective } from '../plugin.ts';

const USAGE = 'tls CERT KEY [CA]';

const clientAuths: readonly ClientAuth[] = ['nocert', 'request', 'require', 'verify_if_given', 'require_and_verify'];

export const tls: SettingDirective = {
  kind: 'setting',
  name: 'tls',
  apply(uses, { problems, folder }, settings) {
    const use = onlyUse(uses, problems);
    const acme = use.block?.find(({ name }) => name.text === 'acme');
    if (acme !== undefined) {
      problems.error(acme.name, "'acme' is not served here: certificates are not ordered by the server", {
        expected: 'tls CERT KEY with the files of cert-manager, certbot or another client of ACME',
      });
      return;
    }
    const options = readOptions(use, folder, problems);
    if (!expectArguments(use, problems, { min: 2, max: 3, usage: USAGE })) return;
    const files = use.args.map((word, index) => readPem(word, index, folder, problems));
    const [certificate, key, ca] = files.map((file) => file?.text);
    const [certificateWord, keyWord, caWord] = use.args;
    if (certificate === undefined || key === undefined || (caWord !== undefined && ca === undefined)) return;
    if (certificateWord === undefined || keyWord === undefined) return;
    const identity: ServerTls = { certificate, key, ca, ...options };
    if (!isUsable(identity, certificateWord, keyWord, problems)) return;
    settings.tls = identity;
    settings.files = files.filter((file) => file !== undefined);
  },
};

function readOptions(use: Directive, folder: string, problems: Problems): Pick<ServerTls, 'clientAuth' | 'keylog'> {
  let clientAuth: ClientAuth = 'nocert';
  let keylog: string | undefined;
  const seen = new Set<string>();
  const one = (usage: string, read: (word: Token) => void) => (option: Directive) => {
    const { name, args } = option;
    if (seen.has(name.text)) {
      problems.error(name, `'${name.text}' is given twice`, { expected: `one '${name.text}'` });
    }
    seen.add(name.text);
    forbidBlock(option, problems);
    const [word] = args;
    if (expectArguments(option, problems, { min: 1, max: 1, usage }) && word !== undefined) read(word);
  };
  eachOption(use, problems, {
    client_auth: one(`client_auth ${clientAuths.join('|')}`, (word) => {
      clientAuth = readChoice(word, problems, clientAuths) ?? clientAuth;
    }),
    keylog: one('keylog FILE', (word) => {
      keylog = resolve(folder, word.text);
      problems.warning(word, 'whoever can read this file can read what clients ask', {
        expected: "no 'keylog' but while looking for a fault",
      });
    }),
  });
  return { clientAuth, keylog };
}

/** What each argument is. */
const FILES = [
  { what: 'certificate', check: (text: string): unknown => new X509Certificate(text) },
  { what: 'key', check: (text: string): unknown => createPrivateKey(text) },
  { what: 'certificate', check: (text: string): unknown => new X509Certificate(text) },
] as const;

function readPem(word: Token, index: number, folder: string, problems: Problems): ReadFile | undefined {
  const file = FILES[index];
  if (file === undefined) return undefined;
  const path = resolve(folder, word.text);
  const read = readSmallFile(path, bounds.certificateText);
  if (read.kind === 'none') {
    problems.error(word, `the file ${shorten(path)} ${read.trouble}`, { expected: `a file with a ${file.what}` });
    return undefined;
  }
  try {
    file.check(read.text);
    return { path, text: read.text };
  } catch {
    problems.error(word, `the file ${shorten(path)} holds no ${file.what}`, {
      expected: `a ${file.what} in PEM form${file.what === 'key' ? ', without a passphrase' : ''}`,
    });
    return undefined;
  }
}

/** Whether certificate and key belong together and TLS takes them; one that is not valid now is only worth a warning. */
function isUsable({ certificate, key, ca }: ServerTls, word: Token, keyWord: Token, problems: Problems): boolean {
  const leaf = new X509Certificate(certificate);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    problems.error(keyWord, 'the key does not belong to the certificate', {
      expected: `the key of the first certificate in ${shorten(word.text)}`,
    });
    return false;
  }
  try {
    createSecureContext({ cert: certificate, key, ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' });
  } catch (error) {
    problems.error(
      word,
      `TLS does not take the certificate: ${error instanceof Error ? error.message : String(error)}`,
      {
        expected: 'a certificate with a key of 2048 bits or more (RSA), or of an elliptic curve',
      },
    );
    return false;
  }
  const now = new Date();
  if (now > leaf.validToDate) problems.warning(word, `the certificate has expired: ${leaf.validTo}`);
  else if (now < leaf.validFromDate) problems.warning(word, `the certificate is not valid before ${leaf.validFrom}`);
  return true;
}

/** An API server at a URL, with a client certificate or without: `endpoint` and `tls` of the *kubernetes* directive. */
import type { Access, Credentials } from './access.ts';
import { parseAddress } from './address.ts';
import type { ApiSource } from './api.ts';
import { Renewed } from './renewed.ts';
import { Securities } from './security.ts';
import { readSmallFile } from './small-file.ts';
import type { Surroundings } from './surroundings.ts';

type Endpoint = Extract<ApiSource, { kind: 'endpoint' }>;

/** @throws ApiError where the URL is none, or a file of `tls` cannot be used */
export async function endpoint(
  { url, tls }: Endpoint,
  { limits, now }: Surroundings,
  report: (line: string) => void,
): Promise<Credentials> {
  // Two empty quotes in a Corefile stand for a file that there is none of.
  const { certificate = '', key = '', ca = '' } = tls ?? {};
  const address = parseAddress(url, certificate !== '' || ca !== '');
  const securities = new Securities({ ca, certificate, key });
  const read = async (): Promise<Access> => {
    const [caText, certificateText, keyText] = await Promise.all([ca, certificate, key].map(readNamed));
    const texts = { ca: caText, certificate: certificateText, key: keyText };
    const isNeeded = address.secure || tls !== undefined;
    const security = isNeeded ? securities.of({ ...texts, verify: true, serverName: undefined }) : undefined;
    // Files that are named are looked at, even where the URL leaves nothing for them to do.
    return { headers: {}, security: address.secure ? security : undefined };
  };
  const credentials = new Renewed({
    address,
    authority: ca === '' ? 'a CA of the system' : `the CA in ${ca}`,
    name: 'the files of tls',
    read,
    age: limits.apiCredentialsAge,
    time: limits.apiCredentialsTime,
    now,
    report,
  });
  await credentials.current();
  return credentials;
}

async function readNamed(path: string): Promise<string | undefined> {
  return path === '' ? undefined : readSmallFile(path);
}

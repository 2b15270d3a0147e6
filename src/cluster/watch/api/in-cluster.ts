/**
 * The service account of the pod that this program runs in: the address is in the environment, the token and the authority of
 * the server's certificate are in files which the kubelet writes anew from time to time.
 */
import { join } from 'node:path';
import { type Credentials } from './access.ts';
import { joinHostPort, parseAddress } from './address.ts';
import { ApiError } from './api.ts';
import { Renewed } from './renewed.ts';
import { Securities } from './security.ts';
import { readSmallFile } from './small-file.ts';
import type { Surroundings } from './surroundings.ts';
import { bearer } from './token.ts';

const ELSEWHERE = "outside of a pod, write 'kubeconfig FILE' or 'endpoint URL', or start with --fixture PATH";

/** @throws ApiError where this is no pod, or one without a service account */
export async function inCluster(surroundings: Surroundings, report: (line: string) => void): Promise<Credentials> {
  const { environment, serviceAccount, limits, now } = surroundings;
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = environment;
  if (host === '' || port === '') {
    throw new ApiError(
      `KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is no pod; ${ELSEWHERE}`,
    );
  }
  const tokenFile = join(serviceAccount, 'token');
  const caFile = join(serviceAccount, 'ca.crt');
  const securities = new Securities({ ca: caFile, certificate: caFile, key: caFile });
  const credentials = new Renewed({
    address: parseAddress(`https://${joinHostPort(host, port)}`, true),
    authority: `the CA in ${caFile}`,
    name: 'the service account',
    read: async () => {
      const [token, ca] = await Promise.all([readSmallFile(tokenFile), readSmallFile(caFile)]);
      const security = securities.of({
        ca,
        certificate: undefined,
        key: undefined,
        verify: true,
        serverName: undefined,
      });
      return { headers: { authorization: bearer(token, tokenFile) }, security };
    },
    age: limits.apiCredentialsAge,
    time: limits.apiCredentialsTime,
    now,
    report,
  });
  try {
    await credentials.current();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ApiError(`${reason}; the pod needs a service account with its token mounted; ${ELSEWHERE}`, { cause });
  }
  return credentials;
}

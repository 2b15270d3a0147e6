/** What a connection to an API server finds around it. */
import { type Bounds, bounds } from '../../../bounds.ts';

export interface Surroundings {
  /** Environment variables: where a pod finds the API server. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder that the kubelet mounts the service account at. */
  readonly serviceAccount: string;
  /** The `User-Agent` of requests. */
  readonly userAgent: string;
  readonly limits: Bounds;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export const usual: Surroundings = {
  environment: process.env,
  serviceAccount: '/var/run/secrets/kubernetes.io/serviceaccount',
  userAgent: 'nodens',
  limits: bounds,
  now: () => performance.now(),
};

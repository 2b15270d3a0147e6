/** All groups of the suite. */
import type { Group } from '../case.ts';
import { apex } from './apex.ts';
import { letterCase } from './case.ts';
import { classes } from './class.ts';
import { clusterIp } from './cluster-ip.ts';
import { dualStack } from './dual-stack.ts';
import { edns } from './edns.ts';
import { endpointNames } from './endpoint-names.ts';
import { external } from './external.ts';
import { externalName } from './external-name.ts';
import { fallthrough } from './fallthrough.ts';
import { headers } from './header.ts';
import { headless } from './headless.ts';
import { multicluster } from './multicluster.ts';
import { namespaces } from './namespaces.ts';
import { negative } from './negative.ts';
import { pods } from './pods.ts';
import { reverse } from './reverse.ts';
import { routing } from './routing.ts';
import { srv } from './srv.ts';
import { truncation } from './truncation.ts';
import { zonal } from './zonal.ts';

export const groups: readonly Group[] = [
  clusterIp,
  headless,
  endpointNames,
  srv,
  externalName,
  dualStack,
  reverse,
  pods,
  zonal,
  multicluster,
  external,
  apex,
  negative,
  namespaces,
  fallthrough,
  letterCase,
  edns,
  truncation,
  headers,
  routing,
  classes,
];

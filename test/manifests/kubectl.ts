/** What `kubectl kustomize` makes of a kustomization. No cluster is asked. */
import { spawnSync } from 'node:child_process';
import { type Reason, commands, printed } from '../e2e/needs.ts';
import { type JsonObject, parse, text } from './documents.ts';

/** The first kubectl whose Kustomize knows all that is used here. */
const OLDEST = 27;

/** Why kubectl cannot be used; undefined where it can. */
export const needsKubectl: Reason = commands('kubectl') ?? tooOld();

function tooOld(): Reason {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output=yaml'], { encoding: 'utf8' });
  const version = status === 0 ? text(parse(stdout)[0], 'clientVersion', 'gitVersion') : 'of no known version';
  const minor = /^v1\.(\d+)/.exec(version)?.[1];
  return Number(minor) >= OLDEST ? undefined : `kubectl is not 1.${OLDEST} or later, but ${version}`;
}

/** @param folder with a kustomization.yaml */
export function render(folder: string): readonly JsonObject[] {
  return parse(printed('kubectl', 'kustomize', folder));
}

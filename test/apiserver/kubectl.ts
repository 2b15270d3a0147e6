/** kubectl, where it is installed. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Its path; if there is none, says so, since tests will be left out. */
export function findKubectl(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, 'kubectl')).find((path) => existsSync(path));
  if (found === undefined) process.stderr.write('no kubectl on the path: its tests are skipped\n');
  return found;
}

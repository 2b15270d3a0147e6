/** What goes wrong with the file of a snapshot, in words for a line of the log. */

const causes: ReadonlyMap<unknown, string> = new Map([
  ['ENOSPC', 'no space is left on the device'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file would be larger than the system allows'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'permission is denied'],
  ['EPERM', 'permission is denied'],
  ['ENOENT', 'its folder does not exist'],
  ['ENOTDIR', 'a part of its path is no folder'],
  ['EISDIR', 'it is a folder'],
  ['ERR_FS_EISDIR', 'there is a folder where its temporary file goes'],
  ['ELOOP', 'its path has too many symbolic links'],
  ['ENAMETOOLONG', 'its path is too long'],
  ['EIO', 'the device fails'],
]);

/** @param error what a function of `node:fs` failed with */
export function troubleText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return causes.get(code) ?? (error instanceof Error ? error.message : String(error));
}

/** A size in octets. */
export function mebibytes(octets: number): string {
  return `${Math.round((octets / 1_048_576) * 100) / 100} MiB`;
}

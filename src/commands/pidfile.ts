/**
 * The file of `-pidfile`. It belongs to the server that has the sockets: one that cannot start leaves it as it is, and one
 * that ends removes it only where its own number stands in it.
 */
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../server/message-of.ts';

/**
 * Before anything is opened, so that a path that cannot be written leaves nothing half-started. The file is not touched.
 * @throws Error that says so
 */
export function checkPidfile(path: string | undefined): void {
  if (path === undefined) return;
  attempt(path, () => accessSync(existsSync(path) ? path : dirname(path), constants.W_OK));
}

/**
 * When all sockets are open.
 * @throws Error that says that it cannot be written
 */
export function writePidfile(path: string | undefined): void {
  if (path !== undefined) attempt(path, () => writeFileSync(path, ownNumber));
}

export function removePidfile(path: string | undefined): void {
  if (path !== undefined && holdsOwnNumber(path)) rmSync(path, { force: true });
}

const ownNumber = `${process.pid}\n`;

function holdsOwnNumber(path: string): boolean {
  try {
    return readFileSync(path, 'utf8') === ownNumber;
  } catch {
    return false;
  }
}

function attempt(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new Error(`-pidfile ${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

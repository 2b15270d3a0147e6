/** How a Corefile says where the API server is, and what to come with: the lines of `kubernetes` for it, and their files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Access } from './api.ts';

/** @param folder where the certificate, its key and the authority's certificate are written */
export function accessLines({ url, ca, certificate, key }: Access, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const pem = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const files = [pem('client.pem', certificate), pem('client.key', key), pem('ca.pem', ca)];
  return [`endpoint ${url}`, `tls ${files.join(' ')}`];
}

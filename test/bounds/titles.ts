/** Whether a test is there: its file, and its title as a string in it. What stands in a row of `it.each` counts. */
import { readFileSync } from 'node:fs';

/** @param file from the root of the repository */
export function hasTest(file: string, title: string): boolean {
  let source: string;
  try {
    source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  } catch {
    return false;
  }
  const written = title.replaceAll('\\', '\\\\');
  return [`'${written.replaceAll("'", String.raw`\'`)}'`, `"${written}"`, `\`${written}\``].some((quoted) =>
    source.includes(quoted),
  );
}

/** What is told of an error: of a socket that the system refuses, and of whatever else was thrown. */

/** `EADDRINUSE` and its like; undefined where whatever was thrown has none. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The text and, on further lines, where it was thrown. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

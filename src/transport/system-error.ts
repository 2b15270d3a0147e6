/** What the system says of a socket that it refuses. */

/** `EADDRINUSE` and its like; undefined where whatever was thrown has none. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

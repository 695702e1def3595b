/**
 * Codes of system errors: `ENOENT`, `EACCES` and their kin.
 */

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

export function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

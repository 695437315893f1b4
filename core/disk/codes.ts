/** What Node's file functions throw. */
export function hasCode(error: unknown, code?: string): error is Error & { code: string } {
  const own = (error as { code?: unknown } | null)?.code;
  return typeof own === 'string' && (code === undefined || own === code);
}

export function isNotFound(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

import type { HttpAccess } from './access.js';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `client - - [time] "request line" status bytes`, as NCSA's server wrote it and every reader of logs knows it; times in UTC. */
export function commonLine(
  { client, request, status, bytesOut }: HttpAccess,
  { query, atMs }: { readonly query: string; readonly atMs: number },
): string {
  const line =
    request === undefined
      ? '-'
      : `${request.method} ${request.path}${query} HTTP/1.${request.minorVersion}`;
  const bytes = bytesOut === 0 ? '-' : bytesOut;
  return `${escaped(client)} - - [${timeText(atMs)}] "${escaped(line)}" ${status} ${bytes}`;
}

/** 10/Oct/2000:13:55:36 +0000 */
function timeText(atMs: number): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  return `${day}/${MONTHS[Number(month) - 1] ?? ''}/${year}:${time.slice(0, 8)} +0000`;
}

/** Nothing that a client wrote ends the field or the line that it stands in. */
function escaped(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|["\\]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

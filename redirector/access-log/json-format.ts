import type { HttpAccess } from './access.js';

/** Printable ASCII that JSON writes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * One object, as JSON.stringify would write it, in half its time: most of an entry is of characters that need no look, and the
 * rest seldom of any that must be escaped. What is not known is left out.
 */
export function jsonLine(
  access: HttpAccess,
  { time, query }: { readonly time: string; readonly query: string | undefined },
): string {
  const { request, reason, id, resource, server } = access;
  const asked =
    request === undefined
      ? ''
      : `"method":"${request.method}","host":${quoted(request.authority)},"path":${quoted(request.path)},`;
  const version = request === undefined ? '' : `"minorVersion":${request.minorVersion},`;
  return (
    `{"time":"${time}","protocol":"http",${asked}${field('query', query)}${version}` +
    `"client":"${access.client}","scheme":"${access.scheme}","end":"${access.end}",` +
    `${field('reason', reason)}${field('id', id)}"status":${access.status},` +
    `${field('resource', resource)}${field('server', server)}` +
    `"bytesIn":${access.bytesIn},"bytesOut":${access.bytesOut},"ms":${thousandths(access.ms)}}`
  );
}

function field(name: string, value: string | undefined): string {
  return value === undefined ? '' : `"${name}":${quoted(value)},`;
}

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** To three places, as JSON writes it: to find the shortest digits of a fraction takes longer than all else of a line's numbers. */
function thousandths(value: number): string {
  const rounded = Math.round(value * 1000);
  const whole = Math.floor(rounded / 1000);
  const rest = rounded - whole * 1000;
  if (rest === 0) return `${whole}`;
  if (rest % 100 === 0) return `${whole}.${rest / 100}`;
  const zero = rest < 100 ? '0' : '';
  if (rest % 10 === 0) return `${whole}.${zero}${rest / 10}`;
  return `${whole}.${zero}${rest < 10 ? '0' : ''}${rest}`;
}

import type { ResourceId } from '../../../core/domain.js';
import { headerOf } from '../../../core/net/http/header-list.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';

/**
 * How a listener finds the resource of a request: the first path segment itself, the value of a header, or
 * what a table says of the host or of the longest path prefix.
 */
export type Route =
  | { readonly by: 'first-path-segment' }
  | { readonly by: 'header'; readonly header: string }
  | { readonly by: 'host'; readonly hosts: ReadonlyMap<string, ResourceId> }
  | { readonly by: 'path-prefix'; readonly prefixes: ReadonlyMap<string, ResourceId> };

/**
 * Undefined: the request names no resource. The path is canonical, so what is routed is what is sent. What it names may be none,
 * nor even be a name: it is only looked up in a table, which has nothing else.
 */
export function resourceOf(route: Route, head: RequestHead): ResourceId | undefined {
  switch (route.by) {
    case 'first-path-segment': {
      const end = head.path.indexOf('/', 1);
      return head.path.slice(1, end === -1 ? undefined : end) as ResourceId;
    }
    case 'header':
      return headerOf(head.headers, route.header) as ResourceId | undefined;
    case 'host':
      return route.hosts.get(head.host);
    case 'path-prefix':
      return longestPrefix(route.prefixes, head.path);
  }
}

/** Whether requests of the listener may be for that resource. */
export function mayName(route: Route, resource: ResourceId): boolean {
  switch (route.by) {
    case 'first-path-segment':
    case 'header':
      return true;
    case 'host':
      return [...route.hosts.values()].includes(resource);
    case 'path-prefix':
      return [...route.prefixes.values()].includes(resource);
  }
}

/** Prefixes end at a slash or at the path's end: `/a` is no prefix of `/ab`. */
function longestPrefix(
  prefixes: ReadonlyMap<string, ResourceId>,
  path: string,
): ResourceId | undefined {
  let prefix = path;
  for (;;) {
    const found = prefixes.get(prefix);
    if (found !== undefined) return found;
    if (prefix === '/') return undefined;
    prefix = prefix.slice(0, prefix.lastIndexOf('/')) || '/';
  }
}

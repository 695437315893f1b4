import type { ResourceId } from '../../../core/domain.js';

/**
 * How a listener finds the resource of a connection: it has one; or the name in the client's TLS hello says it, which then goes
 * to the server as it came, still encrypted for it.
 */
export type TcpRoute =
  | { readonly by: 'listener'; readonly resource: ResourceId }
  /** In lower case; `*.example.com`: each with one label more, `*`: each other one, if nothing says more. */
  | { readonly by: 'server-name'; readonly names: ReadonlyMap<string, ResourceId> };

/** Whether connections of the listener may be for that resource. */
export function mayName(route: TcpRoute, resource: ResourceId): boolean {
  if (route.by === 'listener') return route.resource === resource;
  return [...route.names.values()].includes(resource);
}

/** `name`: empty if the client named nobody. Undefined: there is no such resource. */
export function resourceNamed(
  names: ReadonlyMap<string, ResourceId>,
  name: string,
): ResourceId | undefined {
  const dot = name.indexOf('.');
  const wider = dot > 0 ? names.get(`*${name.slice(dot)}`) : undefined;
  return names.get(name) ?? wider ?? names.get('*');
}

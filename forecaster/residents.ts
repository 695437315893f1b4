import type { ResourceId, ServerId } from '../core/domain.js';
import type { AssignmentTable } from '../core/table.js';

/** What each server has; absent: nothing. In one pass: to ask the table for one server goes through all resources. */
export function residentsByServer(
  table: Pick<AssignmentTable, 'entries'>,
): ReadonlyMap<ServerId, readonly ResourceId[]> {
  const residents = new Map<ServerId, ResourceId[]>();
  for (const [resource, { server }] of table.entries()) {
    const known = residents.get(server);
    if (known === undefined) residents.set(server, [resource]);
    else known.push(resource);
  }
  return residents;
}

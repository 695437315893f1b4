import { z } from 'zod';
import type { ResourceId } from '../domain.js';
import { LUN_MAX } from '../iscsi/lun.js';
import { resourceIdSchema } from '../schema.js';

/* The logical units of an iSCSI target that is not one resource, but shows those of several. */

const ISCSI_NAME =
  /^(?:iqn\.[0-9]{4}-[0-9]{2}\.[a-z0-9.:-]+|eui\.[0-9a-f]{16}|naa\.[0-9a-f]{16,32})$/;
export const iscsiNameSchema = z
  .string()
  .max(223)
  .regex(ISCSI_NAME, 'an iSCSI name in lower case: iqn.2026-01.org.example:name, eui. or naa.');

const lunSchema = z.int().min(0).max(LUN_MAX);

const unitSchema = z.strictObject({
  lun: lunSchema.describe('As clients see it.'),
  resource: resourceIdSchema.describe('Moves by itself, with all its LUNs.'),
  serverName: iscsiNameSchema.describe('The target that servers have for this resource alone.'),
  serverLun: lunSchema.optional().describe('There; left out: the same.'),
});

export const iscsiUnitsSchema = z
  .array(unitSchema)
  .min(1)
  .max(LUN_MAX + 1);

interface Place {
  readonly resource: ResourceId;
  readonly serverName: string;
  readonly serverLun: number;
  readonly path: readonly (string | number)[];
}

interface Target {
  readonly name: string;
  readonly resource?: ResourceId | undefined;
  readonly serverName?: string | undefined;
  readonly units?: z.output<typeof iscsiUnitsSchema> | undefined;
}

type Refuse = (path: readonly (string | number)[], message: string) => void;

/** Each resource belongs to one target; within one that has several, what is where must be clear. */
export function refuseSharedResources(
  targets: readonly Target[],
  context: z.core.$RefinementCtx,
): void {
  const refuse: Refuse = (path, message) => {
    context.addIssue({ code: 'custom', path: [...path], message });
  };
  const owners = new Map<ResourceId, number>();
  for (const [at, target] of targets.entries()) {
    const { resource, units } = target;
    if ((resource === undefined) === (units === undefined)) {
      refuse([at], 'either `resource`, for all of it, or `units`, for what each LUN is');
    }
    if (units !== undefined && target.serverName !== undefined) {
      refuse([at, 'serverName'], 'not beside `units`, each of which has its own');
    }
    const places = placesOf(target, at);
    const own = resource === undefined ? [] : [{ resource, path: [at, 'resource'] }];
    for (const { resource: each, path } of [...own, ...places]) {
      const owner = owners.get(each) ?? at;
      if (owner !== at) {
        refuse(path, `${each} is a target twice: it is of ${targets[owner]?.name ?? ''} already`);
      }
      owners.set(each, owner);
    }
    refuseUnclearPlaces(places, refuse);
    refuseTwice(units ?? [], (nth) => [at, 'units', nth, 'lun'], refuse);
  }
}

function placesOf({ units = [] }: Target, at: number): Place[] {
  return units.map(({ lun, resource, serverName, serverLun = lun }, nth) => ({
    ...{ resource, serverName, serverLun },
    path: [at, 'units', nth, 'resource'],
  }));
}

function refuseTwice(
  units: readonly { readonly lun: number }[],
  pathOf: (nth: number) => readonly (string | number)[],
  refuse: Refuse,
): void {
  const seen = new Set<number>();
  for (const [nth, { lun }] of units.entries()) {
    if (seen.has(lun)) refuse(pathOf(nth), `LUN ${lun} is there twice`);
    seen.add(lun);
  }
}

/** A client has one session with each target of a server: it could not be told whose commands go where. */
function refuseUnclearPlaces(places: readonly Place[], refuse: Refuse): void {
  const names = new Map<ResourceId, string>();
  const resources = new Map<string, ResourceId>();
  const taken = new Set<string>();
  for (const { resource, serverName, serverLun, path } of places) {
    const name = names.get(resource) ?? serverName;
    const other = resources.get(serverName) ?? resource;
    const where = `LUN ${serverLun} of ${serverName}`;
    if (name !== serverName)
      refuse(path, `${resource} is ${name} at its servers already: use that`);
    else if (other !== resource) {
      refuse(path, `${serverName} is of ${other} already: give each resource a target of its own`);
    } else if (taken.has(where)) refuse(path, `${where} is there twice`);
    names.set(resource, name);
    resources.set(serverName, other);
    taken.add(where);
  }
}

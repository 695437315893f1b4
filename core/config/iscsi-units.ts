import { z } from 'zod';
import type { ResourceId } from '../domain.js';
import { LUN_MAX } from '../iscsi/lun.js';
import { resourceIdSchema } from '../schema.js';
import { bytesSchema } from './units.js';

/* The logical units of an iSCSI target that is not one resource, but shows those of several, or some that are made of several. */

const ISCSI_NAME =
  /^(?:iqn\.[0-9]{4}-[0-9]{2}\.[a-z0-9.:-]+|eui\.[0-9a-f]{16}|naa\.[0-9a-f]{16,32})$/;
export const iscsiNameSchema = z
  .string()
  .max(223)
  .regex(ISCSI_NAME, 'an iSCSI name in lower case: iqn.2026-01.org.example:name, eui. or naa.');

const PARTS_MAX = 32;
const STRIPE_BYTES_MIN = 4 << 10;
const STRIPE_BYTES_MAX = 16 << 20;
/** Of striped parts; no default of the schema, which could not tell it from what nobody may write beside a concatenated LUN. */
export const STRIPE_BYTES_DEFAULT = 64 << 10;

const lunSchema = z.int().min(0).max(LUN_MAX);

const partSchema = z.strictObject({
  resource: resourceIdSchema.describe('Moves by itself.'),
  serverName: iscsiNameSchema.describe('The target that servers have for this resource alone.'),
  serverLun: lunSchema.default(1).describe('There.'),
});

const unitSchema = z.strictObject({
  lun: lunSchema.describe('As clients see it.'),
  resource: resourceIdSchema
    .optional()
    .describe('Moves by itself, with all its LUNs; or the LUN is made of `parts`.'),
  serverName: iscsiNameSchema
    .optional()
    .describe('The target that servers have for this resource alone.'),
  serverLun: lunSchema.optional().describe('There; left out: the same.'),
  parts: z
    .array(partSchema)
    .min(2)
    .max(PARTS_MAX)
    .optional()
    .describe('LUNs of servers that are one for clients, in this order, which must stay.'),
  layout: z
    .enum(['concatenated', 'striped'])
    .optional()
    .describe('Of parts: one after another, or in stripes over all in turn. It must stay, too.'),
  stripeBytes: bytesSchema
    .optional()
    .describe('Of striped parts: a power of two from 4KiB to 16MiB; left out: 64KiB. It must stay.')
    .refine(
      (bytes) =>
        bytes === undefined ||
        (bytes >= STRIPE_BYTES_MIN &&
          bytes <= STRIPE_BYTES_MAX &&
          Number.isInteger(Math.log2(bytes))),
      'a power of two from 4KiB to 16MiB',
    ),
});
type Unit = z.output<typeof unitSchema>;

export const iscsiUnitsSchema = z
  .array(unitSchema)
  .min(1)
  .max(LUN_MAX + 1);

type Path = readonly (string | number)[];

interface Place {
  readonly resource: ResourceId;
  readonly serverName: string;
  readonly serverLun: number;
  readonly path: Path;
  /** The LUN of the composite of which it is a part. */
  readonly partOf: number | undefined;
}

interface Target {
  readonly name: string;
  readonly resource?: ResourceId | undefined;
  readonly serverName?: string | undefined;
  readonly units?: readonly Unit[] | undefined;
}

type Refuse = (path: Path, message: string) => void;

/** Each resource belongs to one target; within one that has several, what is where must be clear. */
export function refuseUnclearTargets(
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
    const places = (units ?? []).flatMap((unit, nth) => placesOf(unit, [at, 'units', nth]));
    const own = resource === undefined ? [] : [{ resource, path: [at, 'resource'] }];
    for (const { resource: each, path } of [...own, ...places]) {
      const owner = owners.get(each) ?? at;
      if (owner !== at) {
        refuse(path, `${each} is a target twice: it is of ${targets[owner]?.name ?? ''} already`);
      }
      owners.set(each, owner);
    }
    refuseUnclearPlaces(places, refuse);
    refuseUnclearUnits(units ?? [], [at, 'units'], refuse);
  }
}

function placesOf({ lun, resource, serverName, serverLun, parts }: Unit, path: Path): Place[] {
  const own =
    resource === undefined || serverName === undefined
      ? []
      : [{ resource, serverName, serverLun: serverLun ?? lun }];
  return [
    ...own.map((each) => ({ ...each, path: [...path, 'resource'], partOf: undefined })),
    ...(parts ?? []).map((part, nth) => ({
      ...part,
      ...{ path: [...path, 'parts', nth, 'resource'], partOf: lun },
    })),
  ];
}

function refuseUnclearUnits(units: readonly Unit[], path: Path, refuse: Refuse): void {
  const seen = new Set<number>();
  for (const [nth, unit] of units.entries()) {
    const { lun } = unit;
    if (seen.has(lun)) refuse([...path, nth, 'lun'], `LUN ${lun} is there twice`);
    seen.add(lun);
    refuseUnclearUnit(unit, [...path, nth], refuse);
  }
}

function refuseUnclearUnit(unit: Unit, path: Path, refuse: Refuse): void {
  const { resource, serverName, serverLun, parts, layout, stripeBytes } = unit;
  if ((resource === undefined) === (parts === undefined)) {
    refuse(
      path,
      'either `resource`, for a LUN of its servers, or `parts`, for one made of several',
    );
  } else if (parts === undefined) {
    if (serverName === undefined) {
      refuse(path, '`serverName` is missing: the target that servers have for this resource alone');
    }
    if (layout !== undefined) refuse([...path, 'layout'], 'not without `parts`');
    if (stripeBytes !== undefined) refuse([...path, 'stripeBytes'], 'not without `parts`');
  } else {
    if (serverName !== undefined || serverLun !== undefined) {
      refuse(path, 'no `serverName` or `serverLun` beside `parts`: each part has its own');
    }
    if (layout === undefined) {
      refuse(path, '`layout` is missing: concatenated or striped, and never changed again');
    }
    if (layout === 'concatenated' && stripeBytes !== undefined) {
      refuse([...path, 'stripeBytes'], 'not of a concatenated LUN, which has no stripes');
    }
  }
}

/** A client has one session with each target of a server: it could not be told whose commands go where. */
function refuseUnclearPlaces(places: readonly Place[], refuse: Refuse): void {
  const known = new Map<ResourceId, Place>();
  const resources = new Map<string, ResourceId>();
  const taken = new Set<string>();
  for (const place of places) {
    const { resource, serverName, serverLun, path, partOf } = place;
    const former = known.get(resource) ?? place;
    const other = resources.get(serverName) ?? resource;
    const where = `LUN ${serverLun} of ${serverName}`;
    if (former.serverName !== serverName) {
      refuse(path, `${resource} is ${former.serverName} at its servers already: use that`);
    } else if (other !== resource) {
      refuse(path, `${serverName} is of ${other} already: give each resource a target of its own`);
    } else if (taken.has(where)) {
      refuse(path, `${where} is there twice`);
    } else if (former.partOf !== partOf) {
      const what =
        former.partOf === undefined ? 'a LUN of its own' : `part of LUN ${former.partOf}`;
      refuse(path, `${resource} is ${what} already: give each composite resources of its own`);
    }
    known.set(resource, former);
    resources.set(serverName, other);
    taken.add(where);
  }
}

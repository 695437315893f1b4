import { expect } from '@jest/globals';
import type { IscsiOptions } from '../../../redirector/adapters/iscsi/options.js';
import type { CompositeUnit } from '../../../redirector/adapters/iscsi/targets.js';
import { r } from '../names.js';
import type { Initiator, Outcome } from './initiator.js';
import type { Volume } from './units-world.js';
import { UnitsWorld, VOLUMES, placeOf } from './units-world.js';

export const BLOCK = 512;
export const PART_BLOCKS = 256;
export const STRIPE_BLOCKS = 8;
export const READ = 0x28;
export const WRITE = 0x2a;

export function composite(
  stripeBytes: number | undefined,
  parts: readonly Volume[],
): CompositeUnit {
  return { lun: 1, stripeBytes, parts: parts.map(placeOf) };
}

export const STRIPED = composite(STRIPE_BLOCKS * BLOCK, ['vol-1', 'vol-2']);
export const CONCATENATED = composite(undefined, VOLUMES);

export async function worldOf(
  unit: CompositeUnit = STRIPED,
  options: Partial<IscsiOptions> = {},
): Promise<{ readonly world: UnitsWorld; readonly initiator: Initiator }> {
  const world = await UnitsWorld.start([unit], { blocks: PART_BLOCKS, options });
  return { world, initiator: await world.loggedIn() };
}

/** No two neighbours are the same. */
export function pattern(blocks: number, seed: number): Buffer {
  return Buffer.from(
    Array.from({ length: blocks * BLOCK }, (_, at) => (at * 7 + (at >> 9) + seed * 31) % 251),
  );
}

/** As it lies in its parts, put together by another way than the one that is tested. */
export function wholeOf({ volumes }: UnitsWorld, { parts, stripeBytes }: CompositeUnit): Buffer {
  const all = parts.map(({ resource }) => volumes[resource as string as Volume].bytes);
  if (stripeBytes === undefined) return Buffer.concat(all);
  const rows = all[0]!.length / stripeBytes;
  return Buffer.concat(
    Array.from({ length: rows }, (_, row) =>
      Buffer.concat(all.map((each) => each.subarray(row * stripeBytes, (row + 1) * stripeBytes))),
    ),
  );
}

export function run(
  world: UnitsWorld,
  initiator: Initiator,
  command: Uint8Array,
  how: Parameters<Initiator['run']>[1] = {},
): Promise<Outcome | undefined> {
  return world.of(initiator.run(command, how));
}

/** Nobody has a fault to tell of, and nothing is left. */
export function expectQuiet(world: UnitsWorld, initiator: Initiator): void {
  expect(initiator.faults).toEqual([]);
  expect(world.faults).toEqual([]);
  expect(world.adapter.counters).toMatchObject({ commands: 0, compositeBytes: 0, keptBytes: 0 });
  for (const volume of VOLUMES) expect(world.gate.inFlight(r(volume))).toBe(0);
}

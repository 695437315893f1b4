import type { ResourceId, ServerId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import type { SwitchBatch } from '../data-plane.js';
import { Places } from './places.js';

/** A batch in columns: a tenth of the cost of an object each. */
export interface PackedBatch {
  readonly generation: Generation;
  readonly resources: readonly ResourceId[];
  readonly servers: readonly ServerId[];
  /** Of each resource: places in `servers`; −1: it has no source. */
  readonly sourceOf: Int32Array;
  readonly targetOf: Int32Array;
  readonly lost: readonly ServerId[];
}

export function packBatch({ generation, moves, lost }: SwitchBatch): PackedBatch {
  const places = new Places();
  const sourceOf = Int32Array.from(moves, ({ source }) =>
    source === null ? -1 : places.of(source),
  );
  const targetOf = Int32Array.from(moves, ({ target }) => places.of(target));
  const resources = moves.map(({ resource }) => resource);
  return { generation, lost, resources, sourceOf, targetOf, servers: places.servers };
}

export function unpackBatch(packed: PackedBatch): SwitchBatch {
  const { generation, lost, resources, servers, sourceOf, targetOf } = packed;
  const moves = resources.flatMap((resource, at) => {
    const target = servers[targetOf[at] ?? -1];
    return target === undefined
      ? []
      : [{ resource, target, source: servers[sourceOf[at] ?? -1] ?? null }];
  });
  return { generation, moves, lost };
}

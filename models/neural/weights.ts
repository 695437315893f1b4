import { z } from 'zod';
import { packArrays, unpackArrays } from '../../core/disk/arrays.js';
import { fail } from '../../core/errors.js';
import { LAYERS, WEIGHTS } from './layers.js';

const layerSchema = z.tuple([z.string(), z.number(), z.number()]);

const headSchema = z.object({
  format: z.literal('foreshift-neural'),
  version: z.literal(1),
  layers: z.array(layerSchema),
  /** Names of the traces that were learnt from, beside made loads. */
  traces: z.array(z.string()),
  /** Batches that were learnt from, and the seed that chose them. */
  batches: z.int().min(0),
  seed: z.int(),
});

/** What the network has learnt, and from what. */
export interface Weights {
  readonly values: Float32Array;
  readonly traces: readonly string[];
  readonly batches: number;
  readonly seed: number;
}

/** A file of weights is far smaller. */
export const WEIGHTS_BYTES_MAX = 1 << 20;

/** A head with the shape of every layer, and the numbers; a checksum over each. */
export function encodeWeights({ values, traces, batches, seed }: Weights): Uint8Array {
  const head: z.input<typeof headSchema> = {
    format: 'foreshift-neural',
    version: 1,
    layers: LAYERS.map(({ name, rows, columns }) => [name, rows, columns]),
    traces: [...traces],
    batches,
    seed,
  };
  return packArrays(head, [values]);
}

/** @throws ERR_WEIGHTS_UNUSABLE — they are damaged, or those of another network */
export function decodeWeights(bytes: Uint8Array): Weights {
  if (bytes.byteLength > WEIGHTS_BYTES_MAX) return unusable('the file is too large');
  const packed = unpackArrays(bytes);
  if (packed === undefined) return unusable('they are damaged');
  const head = headSchema.safeParse(packed.head);
  if (!head.success) return unusable('they are of another version');
  const { layers, traces, batches, seed } = head.data;
  const isOurs =
    layers.length === LAYERS.length &&
    LAYERS.every(({ name, rows, columns }, at) => {
      const [theirName, theirRows, theirColumns] = layers[at]!;
      return name === theirName && rows === theirRows && columns === theirColumns;
    });
  if (!isOurs) return unusable('they are those of a network of another shape');
  const values = new Float32Array(WEIGHTS);
  if (!packed.fill([values])) return unusable('they are damaged');
  if (!values.every(Number.isFinite)) return unusable('not all of them are numbers');
  return { values, traces, batches, seed };
}

function unusable(why: string): never {
  return fail('ERR_WEIGHTS_UNUSABLE', { why });
}

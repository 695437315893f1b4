import { z } from 'zod';
import { BACKENDS } from '../../forecast.js';
import { countSchema, finiteSchema } from '../../schema.js';
import { RecordKind } from './kind.js';

export const neuralSchema = z.object({
  /** What computes the network; null: it is off, or cannot be used. */
  backend: z.enum(BACKENDS).nullable(),
  /** Of the weights: as they came with the product, or as the fleet's own history taught them. */
  weights: z.enum(['shipped', 'retrained']).nullable(),
  /** Why it cannot be used; null: nothing is wrong. */
  fault: z.string().max(400).nullable(),
  /** The last training, and whether what it taught was taken. */
  training: z
    .object({
      atMs: finiteSchema,
      series: countSchema,
      isTaken: z.boolean(),
      /** Mean quantile loss on what neither had seen; null: too little history to judge by. */
      before: finiteSchema.nullable(),
      after: finiteSchema.nullable(),
    })
    .nullable(),
});
export type NeuralRecord = Readonly<z.output<typeof neuralSchema>>;

/** How the neural forecaster is: written by the forecaster when it changes. */
export const NEURAL = new RecordKind<NeuralRecord, 'current'>('neural', neuralSchema);

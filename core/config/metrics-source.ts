import { z } from 'zod';
import { DIMENSIONS } from '../domain.js';

/* Where a server's load is read, and what it finds there means: in the config, and in what agents announce. */

const metricNameSchema = z
  .string()
  .regex(/^[A-Za-z_:][A-Za-z0-9_:]{0,255}$/, 'the name of a metric: letters, digits, _ and :');

const LABELS_MAX = 8;

const labelsSchema = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of a label'),
    z.string().max(256),
  )
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX, `at most ${LABELS_MAX} labels`);

const urlSchema = z.url({ protocol: /^http$/ }).max(2048);

/** Some series of a page of Prometheus text, or one metric's all; what is selected is summed. */
const selectorSchema = z.union([
  metricNameSchema,
  z.strictObject({
    metric: metricNameSchema,
    labels: labelsSchema.default({}).describe('Only series with these; * for any characters.'),
    without: labelsSchema.default({}).describe('No series with any of these.'),
    kind: z
      .enum(['counter', 'gauge'])
      .optional()
      .describe("Default what the page's TYPE says, else a counter if it ends in _total."),
    scale: z.number().positive().default(1).describe('Multiplied with: 0.01 for per cent.'),
  }),
]);

const dimensionMappingSchema = z.union([selectorSchema, z.array(selectorSchema).min(1).max(16)]);

export const metricsSourceSchema = z.discriminatedUnion('source', [
  z.strictObject({
    source: z.literal('prometheus').describe('Any exporter of Prometheus text.'),
    url: urlSchema,
    mapping: z
      .union([
        z.literal('node_exporter'),
        z
          .partialRecord(z.enum(DIMENSIONS), dimensionMappingSchema)
          .refine((mapping) => Object.keys(mapping).length > 0, 'at least one dimension'),
      ])
      .default('node_exporter')
      .describe(
        'Which series mean what: a ready mapping, or a metric name (or selectors, summed) a dimension. Counters become rates.',
      ),
  }),
  z.strictObject({
    source: z.literal('http-json').describe('A JSON page.'),
    url: urlSchema,
    paths: z
      .partialRecord(z.enum(DIMENSIONS), z.string().min(1).max(256))
      .refine((paths) => Object.keys(paths).length > 0, 'at least one dimension')
      .describe('Where each dimension stands in the page, such as load.cpu.cores.'),
  }),
]);

export type MetricsSource = z.output<typeof metricsSourceSchema>;
export type Selector = z.output<typeof selectorSchema>;
export type DimensionMapping = z.output<typeof dimensionMappingSchema>;

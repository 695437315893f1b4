import { readFile, readdir } from 'node:fs/promises';
import { z } from 'zod';
import { productFolder } from '../../../cli/product.js';

/*
 * A dashboard as it lies in its file, as far as Grafana cares: what it would draw wrongly, or not at all, without a word. The
 * shapes are those of @grafana/schema's `Dashboard`, by hand: to derive them takes longer than all tests of a room.
 */

/** `uid` names a variable, so that no installation's source is in the file. */
const sourceSchema = z.object({
  type: z.enum(['influxdb', 'prometheus']),
  uid: z.string().regex(/^\$\{(datasource|prometheus)\}$/, 'a hard-coded datasource'),
});

const targetSchema = z.looseObject({
  refId: z.string().regex(/^[A-Z]$/),
  query: z.string().min(1).optional(),
  rawQuery: z.literal(true).optional(),
  resultFormat: z.enum(['time_series', 'table']).optional(),
  alias: z.string().min(1).optional(),
  fromAnnotations: z.literal(true).optional(),
  textColumn: z.string().optional(),
  tagsColumn: z.string().optional(),
  timeEndColumn: z.string().optional(),
  expr: z.string().min(1).optional(),
  legendFormat: z.string().optional(),
  instant: z.boolean().optional(),
});
export type Target = z.output<typeof targetSchema>;

const stepSchema = z.object({ value: z.number().nullable(), color: z.string().min(1) });
const thresholdsSchema = z.object({
  mode: z.enum(['absolute', 'percentage']),
  steps: z
    .array(stepSchema)
    .min(1)
    .refine(([first]) => first?.value === null, 'the first threshold begins at the bottom'),
});

const overrideSchema = z.object({
  matcher: z.object({ id: z.string(), options: z.unknown() }),
  properties: z.array(z.object({ id: z.string().min(1), value: z.unknown() })).min(1),
});

const gridSchema = z
  .object({
    x: z.int().min(0).max(23),
    y: z.int().min(0),
    w: z.int().min(1).max(24),
    h: z.int().min(1).max(40),
  })
  .refine(({ x, w }) => x + w <= 24, 'a panel is within the 24 columns');

const PANEL_TYPES = [
  'timeseries',
  'stat',
  'status-history',
  'state-timeline',
  'table',
  'bargauge',
] as const;

const panelSchema = z.looseObject({
  id: z.int().min(1),
  type: z.enum(PANEL_TYPES),
  title: z.string().min(1),
  description: z.string().min(1),
  gridPos: gridSchema,
  datasource: sourceSchema,
  targets: z.array(targetSchema).min(1),
  repeat: z.string().optional(),
  fieldConfig: z.object({
    defaults: z.looseObject({
      unit: z.string({ error: 'no unit' }).min(1, 'no unit'),
      thresholds: thresholdsSchema,
    }),
    overrides: z.array(overrideSchema),
  }),
});
export type Panel = z.output<typeof panelSchema>;

const variableSchema = z.looseObject({
  name: z.string().regex(/^[a-z]+$/),
  type: z.enum(['datasource', 'custom', 'textbox', 'query']),
  query: z.string().min(1),
  multi: z.boolean(),
  datasource: sourceSchema.optional(),
});
export type Variable = z.output<typeof variableSchema>;

const annotationSchema = z.looseObject({
  name: z.string().min(1),
  enable: z.boolean(),
  iconColor: z.string().min(1),
  datasource: sourceSchema,
  target: targetSchema,
});
export type Annotation = z.output<typeof annotationSchema>;

const TIME = /^now(?:[-+][0-9]+[smhdw])?$/;

const dashboardSchema = z.looseObject({
  uid: z.string().regex(/^foreshift-[a-z]{1,30}$/),
  title: z.string().min(1),
  tags: z.array(z.string()),
  timezone: z.enum(['browser', 'utc']),
  schemaVersion: z.int().min(36),
  graphTooltip: z.literal([0, 1, 2]),
  refresh: z.string().regex(/^[0-9]+[smh]$/),
  time: z.object({ from: z.string().regex(TIME), to: z.string().regex(TIME) }),
  templating: z.object({ list: z.array(variableSchema) }),
  annotations: z.object({ list: z.array(annotationSchema) }),
  links: z.array(z.looseObject({ title: z.string().min(1), type: z.enum(['link', 'dashboards']) })),
  panels: z
    .array(panelSchema)
    .min(1)
    .refine(
      (panels) => new Set(panels.map(({ id }) => id)).size === panels.length,
      'two panels have one id',
    ),
});
export type DashboardFile = z.output<typeof dashboardSchema>;

const FOLDER = `${productFolder}grafana/dashboards/`;

/** The text of each file, by its name. */
export async function dashboardTexts(): Promise<Map<string, string>> {
  const names = (await readdir(FOLDER)).sort();
  const texts = names.map(async (name) => [name, await readFile(FOLDER + name, 'utf8')] as const);
  return new Map(await Promise.all(texts));
}

/** What is wrong with its structure, each with its place; none: nothing. */
export function structureFaults(dashboard: unknown): string[] {
  const issues = dashboardSchema.safeParse(dashboard).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

export function parseDashboard(text: string): DashboardFile {
  return dashboardSchema.parse(JSON.parse(text));
}

import { z } from 'zod';
import { Kept } from '../../core/kept.js';
import { resourceIdSchema, serverIdSchema } from '../../core/schema.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { SeriesForecast } from '../contract/forecast.js';
import { seriesForecastSchema } from '../contract/forecast.js';
import { HEAT_METRICS, heatMapSchema } from '../contract/heat-map.js';
import { placementsSchema, residentsSchema, serversSchema } from '../contract/servers.js';
import { switchesSchema } from '../contract/switches.js';
import type { ApiRoute } from '../route.js';
import { route } from '../route.js';
import { HeatMaps } from '../views/heat-map.js';
import type { MemoryParts } from '../views/kept/memory.js';
import { placementsOf, residentsOf } from '../views/residents.js';
import type { SeriesForecastParts, Subject } from '../views/series-forecast.js';
import { seriesForecastOf } from '../views/series-forecast.js';
import { serversOf } from '../views/servers.js';
import { switchesOf } from '../views/switches.js';

export type PictureParts = SeriesForecastParts & Pick<MemoryParts, 'clock'>;

export interface PictureOptions {
  readonly forecast: { readonly stepMs: number };
}

const PAST_STEPS = 72;
/** Loads that are means over some minutes nobody needs to hear more often, however many look. */
const HEAT_MAP_KEPT_MS = 3000;
const pastSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(2016)
  .default(PAST_STEPS)
  .describe('So far back, in steps of the forecast.');

const seriesQuerySchema = z.strictObject({
  metric: z.enum(HEAT_METRICS).optional(),
  pastSteps: pastSchema,
});

/** What the console draws: over time, and of one thing closely. Nothing here changes anything. */
export function pictureRoutes(parts: PictureParts, options: PictureOptions): ApiRoute[] {
  const { view, metricStore, clock, eligibility, memory } = parts;
  const heatMaps = new HeatMaps(parts);
  const heatMap = new Kept<ReturnType<HeatMaps['of']>>();
  const forecastOf = (
    subject: Subject,
    { metric, pastSteps }: z.output<typeof seriesQuerySchema>,
  ): Promise<SeriesForecast> => {
    const { stepMs } = options.forecast;
    return seriesForecastOf(
      subject,
      { nowMs: clock.realtimeMs(), stepMs, metric, pastSteps },
      parts,
    );
  };
  return [
    route(
      {
        method: 'GET',
        path: '/v1/heat-map',
        summary: 'How full every server was and is expected to be, over time.',
        answer: heatMapSchema,
        query: z.strictObject({
          metric: z.enum(HEAT_METRICS).default('utilization'),
          pastSteps: pastSchema,
          columnsMax: z.coerce
            .number()
            .int()
            .min(12)
            .max(600)
            .default(288)
            .describe('Of the past: with more steps than these a column is several of them.'),
        }),
      },
      ({ query }) => {
        const nowMs = clock.realtimeMs();
        const { metric, pastSteps, columnsMax } = query;
        const { stepMs } = options.forecast;
        const facts = [
          ...[metric, pastSteps, columnsMax, stepMs, Math.floor(nowMs / HEAT_MAP_KEPT_MS)],
          ...[memory.fleet.placements, memory.fleet.stampOf([SERVER])],
        ];
        return heatMap.of(facts, () => heatMaps.of({ nowMs, stepMs, ...query }));
      },
    ),
    route(
      {
        method: 'GET',
        path: '/v1/forecast/servers/:server',
        summary: 'How a server was, will be, was said to be, and how good that was.',
        answer: seriesForecastSchema,
        params: z.object({ server: serverIdSchema }),
        query: seriesQuerySchema,
      },
      ({ params: { server: id }, query }) => forecastOf({ subject: 'server', id }, query),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/forecast/resources/:resource',
        summary: 'How a resource was, will be, was said to be, and how good that was.',
        answer: seriesForecastSchema,
        params: z.object({ resource: resourceIdSchema }),
        query: seriesQuerySchema,
      },
      ({ params: { resource: id }, query }) => forecastOf({ subject: 'resource', id }, query),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/switches',
        summary: 'What was switched, how long it was held, and what of it can be taken back.',
        answer: switchesSchema,
        query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
      },
      ({ query: { limit } }) => Promise.resolve(switchesOf(view, limit)),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/servers',
        summary: 'Whether each server answers, and how its drain goes.',
        answer: serversSchema,
      },
      () => Promise.resolve(serversOf(view, eligibility, memory.fleet)),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/servers/:server/resources',
        summary: 'What a server serves, by what is expected to fill it most.',
        answer: residentsSchema,
        params: z.object({ server: serverIdSchema }),
      },
      async ({ params: { server } }) =>
        residentsOf(server, memory.forecastsOf(await metricStore.latestForecast()), {
          view,
          fleet: memory.fleet,
        }),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/resources/:resource/placements',
        summary: 'Where a resource was.',
        answer: placementsSchema,
        params: z.object({ resource: resourceIdSchema }),
      },
      ({ params: { resource } }) => Promise.resolve(placementsOf(resource, view)),
    ),
  ];
}

import { Preparations } from '../api/preparations.js';
import type { ApiRoute } from '../api/route.js';
import { apiRoutes } from '../api/routes/all.js';
import { MemoryBus } from '../core/bus/memory.js';
import { SystemClock } from '../core/clock/system.js';
import { configSchema } from '../core/config/schema.js';
import { credentialsInMemory } from '../core/credentials/memory.js';
import { SILENT_LOG } from '../core/log.js';
import { MemoryMetricStore } from '../core/metric-store/memory.js';
import { Eligibility } from '../core/table-store/eligibility.js';
import { MemoryTableStore } from '../core/table-store/memory.js';
import { TableView } from '../core/table-store/view.js';
import { InlineAdviser } from '../forecaster/planner/adviser.js';
import { cell } from './reference.js';

/** docs/API.md */
export function apiReference(): string {
  return [
    '# API',
    '',
    'What the console and the command line use, at `api.listen` (`http://127.0.0.1:7700`). Shapes of requests and answers:',
    '`/openapi.json` (OpenAPI 3.1) of any running api. Made from the routes by `foreshift reference api`.',
    '',
    '- An error is `application/problem+json` (RFC 9457) with our `code` and `remedy`; its `type` leads to a page that says',
    '  what it means and what to do ([ERRORS.md](ERRORS.md) has all of them).',
    '- GET changes nothing. Changes are taken as JSON only, and from no page of another site; each is in the audit',
    '  (`foreshift history`), with who and why.',
    '- `Idempotency-Key` on a POST: sent again with the same key, it is answered as before and not acted on twice. The api',
    '  remembers the last thousand until it stops; after that an act is judged by the state that it finds.',
    '- `GET /v1/table` carries an `ETag`; `If-None-Match` saves those who have it from hearing it again.',
    '',
    '## Who may ask',
    '',
    'With `api.login: none` whoever is on the machine is an operator, so it listens on loopback only and answers only to a',
    'loopback name. With `api.login: token` everybody shows a token: `authorization: Bearer …`, or a session that a browser',
    'begins with one. `foreshift token ann --role operator --days 90` makes one on a host that has the cluster secret. A',
    'viewer sees, an operator changes too; who acts is then the name in the token, whatever the request says. A name in',
    '`api.revoked` is taken no more, from the next reload on. Beyond loopback the API wants a login and a certificate',
    '(`api.tls`). Agents register at a listener of their own with tokens of their own (`foreshift agent-token`).',
    '',
    '| route | role | what it does |',
    '| --- | --- | --- |',
    ...routesInMemory().map(
      ({ method, path, role, summary }) => `| \`${method} ${path}\` | ${role} | ${cell(summary)} |`,
    ),
    '| `GET /v1/stream` | viewer | Server-sent events: that there is something new to ask for. |',
    '| `GET /jobs` | viewer | The jobs: Bull Board where the bus rests in Redis, else a plain page. |',
    '| `GET /v1/session` | viewer | Who asks, and whether there is a login. |',
    '| `POST /v1/session` | anybody | A browser logs in: `{"token": "…"}`. |',
    '| `POST /v1/session/end` | anybody | It logs out. |',
    '| `GET /openapi.json` | anybody | This page for programs. |',
    '| `GET /problems/:name` | anybody | What a type of problem means and what to do. |',
    '',
  ].join('\n');
}

/** The routes, on stores in memory: only what they say of themselves is asked. */
function routesInMemory(): ApiRoute[] {
  const clock = new SystemClock();
  const log = SILENT_LOG;
  const store = new MemoryTableStore();
  const view = new TableView({ store, clock, log });
  const { planner, forecast, collector } = configSchema.parse({});
  return apiRoutes(
    {
      ...{ store, view, clock, log },
      bus: new MemoryBus({ clock, log }),
      metricStore: new MemoryMetricStore(),
      eligibility: new Eligibility({ view, clock, isShared: () => false }),
      collector: () => [],
      processes: { all: () => [] },
      adviser: new InlineAdviser(),
      preparations: new Preparations({ view, clock, log }),
      credentials: credentialsInMemory(clock),
    },
    {
      state: {
        ...{ cluster: '', mode: 'propose', windowMs: collector.everyMs, forecast, planner },
        planning: { planner, stepMs: forecast.stepMs, seed: 1 },
      },
      plans: { planLifeMs: planner.planLifeMs, roundTimeoutMs: 0 },
    },
  );
}

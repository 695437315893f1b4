import type { FastifyPluginCallback } from 'fastify';
import type { Bus, JobView } from '../../core/bus/port.js';

/** Where the jobs are looked at. */
export const JOBS_PATH = '/jobs';

/** What is mounted there; it changes nothing. */
export type JobsPage = FastifyPluginCallback;

const COLUMNS = ['kind', 'job', 'state', 'attempt', 'queued', 'progress', 'failure'] as const;

/** The jobs of a bus that no board can read, as a plain page that says so. */
export function plainJobsPage(bus: Pick<Bus, 'jobs'>): JobsPage {
  return (app, _options, done) => {
    app.get('/', async (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(pageOf(await bus.jobs())),
    );
    done();
  };
}

function pageOf(jobs: readonly JobView[]): string {
  const rows = jobs.map((job) => `<tr>${cellsOf(job).map(cell).join('')}</tr>`);
  const table =
    jobs.length === 0
      ? '<p>No job waits, runs, or has ended lately.</p>'
      : `<table><thead><tr>${COLUMNS.map((name) => `<th>${name}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Foreshift jobs</title><link rel="stylesheet" href="/style.css"></head>
<body>
<h1>Jobs</h1>
<p>The bus of this Foreshift is embedded: its jobs rest in the data directory of this process, and this is all of them, the
newest first. Bull Board is here where the bus rests in Redis (<code>bus: { engine: redis }</code>).</p>
${table}
</body>
</html>
`;
}

function cellsOf(job: JobView): string[] {
  const { kind, id, state, attempt, queuedAtMs, progress, failure } = job;
  const said =
    progress === null
      ? ''
      : `${progress.phase} ${progress.done}/${progress.total} ${progress.message}`;
  const queued = new Date(queuedAtMs).toISOString();
  return [kind, id, state, String(attempt), queued, said, failure ?? ''];
}

function cell(text: string): string {
  return `<td>${escaped(text)}</td>`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

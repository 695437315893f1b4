import type { History, Outlook, Resources, Status } from './answers.js';
import { LoginNeeded, ask } from './answers.js';
import { chartOf } from './chart.js';
import type { Cell } from './elements.js';
import { byId, element, fillTable } from './elements.js';
import { showLogin, showWho, watchLogin } from './login.js';
import { clockTime, duration, percent, quantity } from './words.js';

/* The live page: asks the API when it says that there is news, and now and then anyway. */

const REFRESH_MS = 5000;
const SHOWN_MAX = 200;

let isAsking = false;
let isMore = false;
/** It was known once who looks. */
let isFollowing = false;
let news: EventSource | undefined;
let timer: ReturnType<typeof setInterval> | undefined;

async function refresh(): Promise<void> {
  if (isAsking) {
    isMore = true;
    return;
  }
  isAsking = true;
  try {
    const [status, outlook, history, resources] = await Promise.all([
      ask<Status>('/v1/status'),
      ask<Outlook>('/v1/outlook'),
      ask<History>('/v1/history?limit=20'),
      ask<Resources>('/v1/resources'),
    ]);
    showStatus(status);
    showOutlook(outlook);
    showHistory(history);
    showResources(resources);
  } catch (error) {
    if (error instanceof LoginNeeded) {
      end();
      showLogin(isFollowing ? 'The session is over.' : '');
      isFollowing = false;
      return;
    }
    const why = error instanceof Error ? error.message : String(error);
    byId('headline').textContent = `Not up to date (${why}); trying again`;
  } finally {
    isAsking = false;
  }
  if (!isMore) return;
  isMore = false;
  void refresh();
}

function showStatus(status: Status): void {
  const { cluster, generation, mode, paused, forecast, imbalance, openSwitch, atMs } = status;
  const parts = [`cluster ${cluster}`, `generation ${generation}`, `mode ${mode}`];
  if (paused !== null) parts.push(`paused by ${paused.by}`);
  if (imbalance !== null) parts.push(`imbalance ${quantity(imbalance)}`);
  if (forecast !== null) {
    const coverage = forecast.coverage === null ? 'not scored yet' : percent(forecast.coverage);
    parts.push(`forecast ${duration(atMs - forecast.madeAtMs)} old, P10–P90 coverage ${coverage}`);
  }
  byId('headline').textContent = parts.join(' · ');
  const moving =
    openSwitch === null
      ? ''
      : ` Switching ${openSwitch.resources.join(', ')}: ${openSwitch.state}.`;
  byId('balancer').textContent = `${status.balancer.text}${moving}`;
  const warnings = byId('warnings');
  warnings.hidden = status.warnings.length === 0;
  warnings.replaceChildren(...status.warnings.map((text) => element('li', {}, text)));
  fillTable(
    byId('servers'),
    ['server', 'state', 'cpu', 'memory', 'network', 'hits/s', 'P90 of the peak', 'resources', ''],
    status.servers.map((server): (Cell | string)[] => [
      server.id,
      {
        text: server.spare ? `${server.state}, spare` : server.state,
        ...badIf(server.state === 'lost'),
      },
      number(percent(server.utilization.cpu)),
      number(percent(server.utilization.memory)),
      number(percent(server.utilization.network)),
      number(quantity(server.hitsPerSecond)),
      server.predicted === null
        ? '–'
        : {
            text: `${percent(server.predicted.p90)} ${server.predicted.dimension}`,
            ...badIf(server.predicted.overAtMs !== null),
          },
      number(String(server.resources)),
      server.note,
    ]),
    'No server is known yet: declare one in the config, or start an agent beside it.',
  );
}

function showOutlook(outlook: Outlook): void {
  const shown = outlook.lines.slice(0, SHOWN_MAX);
  byId('outlook').replaceChildren(
    ...(shown.length === 0
      ? [
          element(
            'p',
            { class: 'quiet' },
            'No server has declared a capacity, so there is nothing to compare its load with.',
          ),
        ]
      : shown.map((line) => chartOf(line, outlook))),
  );
}

function showHistory({ plans }: History): void {
  fillTable(
    byId('history'),
    ['time', 'plan', 'result', 'moves', 'drain', 'hold', 'held', 'failed', 'why'],
    plans.map((plan): (Cell | string)[] => [
      clockTime(plan.madeAtMs),
      plan.id,
      plan.status,
      number(plan.applied === plan.moves ? String(plan.moves) : `${plan.applied} of ${plan.moves}`),
      number(duration(plan.drainMs)),
      number(duration(plan.holdMs)),
      number(String(plan.heldRequests)),
      { text: String(plan.failedRequests), ...badIf(plan.failedRequests > 0) },
      plan.why === '' ? plan.trigger : plan.why,
    ]),
    'No plan was made yet.',
  );
}

function showResources({ resources }: Resources): void {
  fillTable(
    byId('resources'),
    ['resource', 'server', 'since', 'standby', 'last moved', 'pin'],
    resources
      .slice(0, SHOWN_MAX)
      .map((resource): (Cell | string)[] => [
        resource.id,
        resource.server ?? { text: 'none', kind: 'bad' },
        resource.since ?? '–',
        resource.standby ?? '–',
        resource.movedAtMs === null ? '–' : clockTime(resource.movedAtMs),
        resource.pin ?? '',
      ]),
    'No resource is known yet.',
  );
}

function number(text: string): Cell {
  return { text, kind: 'number' };
}

function badIf(isBad: boolean): Pick<Cell, 'kind'> | object {
  return isBad ? { kind: 'bad' } : {};
}

/** Asks now, at all news, and now and then; until the session is over. */
function follow(): void {
  end();
  news = new EventSource('/v1/stream');
  news.addEventListener('news', () => void refresh());
  timer = setInterval(() => void refresh(), REFRESH_MS);
  void refresh();
}

function end(): void {
  news?.close();
  clearInterval(timer);
}

watchLogin(begin);
begin();

function begin(): void {
  showWho().then(
    () => {
      isFollowing = true;
      follow();
    },
    (error: unknown) => {
      if (error instanceof LoginNeeded) showLogin('');
      else setTimeout(begin, REFRESH_MS);
    },
  );
}

import { at, choiceIn, withQuery } from '../frame/address.js';
import type { HeatMap, Plan, PlanScore, Plans, ServerStatus, Status } from '../frame/answers.js';
import {
  checkbox,
  choice,
  filter,
  fitsFilter,
  link,
  rowLink,
  section,
  sentence,
  sentences,
  table,
} from '../frame/controls.js';
import { legendWords } from '../frame/scale.js';
import {
  NOTHING_MEASURED,
  NO_CAPACITY,
  NO_MATCH,
  NO_MOVERS,
  ended,
  refused,
  statusSentences,
} from '../frame/sentences.js';
import type { Ask, Page, Sight } from '../frame/sight.js';
import type { Branch, Child, Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { NONE, duration, metricWord, percent, quantity } from '../frame/words.js';
import type { HeatPicture, HeatScene } from '../figures/heat-picture.js';
import { heatPicture } from '../figures/heat-picture.js';
import { shareBar } from '../figures/share-bar.js';
import { noteWords, stateWords } from './server-cells.js';

/* Page 1: every server over time, with what is to come; what the balancer does and why. */

/** In steps of the forecast: six hours, a day, a week at five minutes a step. */
const WINDOWS = ['72', '288', '2016'] as const;
const METRICS = ['utilization', 'cpu', 'memory', 'network', 'hits'] as const;
/** More servers than these are sorted by what is to come, unless one asks otherwise. */
const NAMED_MAX = 24;

const STATUS: Ask = { path: '/v1/status', restMs: 3000 };
const PLANS: Ask = { path: '/v1/plans', restMs: 3000 };

function heatPath(sight: Sight): string {
  const metric = choiceIn(sight.address, 'metric', METRICS, 'utilization');
  const past = choiceIn(sight.address, 'past', WINDOWS, '72');
  return `/v1/heat-map?metric=${metric}&pastSteps=${past}`;
}

/** That waits for a decision. */
function waitingPlan(sight: Sight): Plan | undefined {
  return sight.read<Plans>(PLANS.path)?.plans[0];
}

function scorePath(plan: Plan): string {
  return `/v1/plans/${encodeURIComponent(plan.id)}/score`;
}

function isPlanShown({ address }: Sight): boolean {
  return address.query.with === 'plan';
}

function view(sight: Sight): Tree[] {
  const status = sight.read<Status>(STATUS.path);
  if (status === undefined) return [];
  const heat = sight.read<HeatMap>(heatPath(sight));
  const problem = sight.problemOf(heatPath(sight));
  const said = [balancerLine(sight, status), ...list(sentences(statusSentences(status)))];
  // The sentence that there is none says it all.
  if (status.servers.length === 0) return said;
  return [
    ...said,
    h(
      'div',
      { class: 'bar' },
      metricChoice(sight, heat),
      windowChoice(sight, heat),
      choice(sight, {
        label: 'Order',
        name: 'order',
        value: orderOf(sight, heat),
        options: [
          { value: 'name', text: 'by name' },
          { value: 'peak', text: 'fullest first' },
        ],
      }),
      filter(sight, 'Servers'),
      planPreview(sight),
      legend(),
    ),
    problem === undefined ? heatMap(sight, heat) : sentence(refused(problem)),
    h(
      'div',
      { class: 'columns' },
      serverTable(sight, status),
      h('div', {}, movers(heat, status), facts(status)),
    ),
  ];
}

function list(branch: Branch | null): Branch[] {
  return branch === null ? [] : [branch];
}

function balancerLine(sight: Sight, { balancer, openSwitch, atMs }: Status): Branch {
  const moving =
    openSwitch === null
      ? null
      : h(
          'span',
          { class: 'moving' },
          ` Switching ${openSwitch.resources.join(', ')}: ${openSwitch.state}, ${duration(atMs - openSwitch.sinceMs)}.`,
        );
  const plan = waitingPlan(sight);
  const review =
    plan === undefined ? null : [' ', link(at('plan', [plan.id]), `Review plan ${plan.id}`)];
  return h(
    'p',
    { class: `balancer ${balancer.kind}`, role: 'status' },
    h('strong', {}, 'Balancer '),
    ended(balancer.text.replace(/; foreshift apply \S+$/, '')),
    moving,
    review,
  );
}

function metricChoice(sight: Sight, heat: HeatMap | undefined): Branch {
  const value = choiceIn(sight.address, 'metric', METRICS, 'utilization');
  const known = METRICS.filter((metric) => heat?.metrics.includes(metric) ?? metric === value);
  const options = known.includes(value) ? known : [value, ...known];
  return choice(sight, {
    label: 'Metric',
    name: 'metric',
    value,
    options: options.map((metric) => ({ value: metric, text: metricWord(metric) })),
  });
}

/** How long the windows are depends on the step of the forecast, which an answer tells. */
function windowChoice(sight: Sight, heat: HeatMap | undefined): Branch {
  const value = choiceIn(sight.address, 'past', WINDOWS, '72');
  const columns = Math.max(0, ...(heat?.servers.map(({ past }) => past.length) ?? []));
  const spanMs = heat === undefined ? 0 : columns * heat.columnMs;
  return choice(sight, {
    label: 'Window',
    name: 'past',
    value,
    options: WINDOWS.map((steps) => ({
      value: steps,
      text:
        spanMs === 0
          ? `${steps} steps`
          : `last ${duration((spanMs * Number(steps)) / Number(value))}`,
    })),
  });
}

function orderOf({ address }: Sight, heat: HeatMap | undefined): 'name' | 'peak' {
  const isMany = (heat?.servers.length ?? 0) > NAMED_MAX;
  return choiceIn(address, 'order', ['name', 'peak'] as const, isMany ? 'peak' : 'name');
}

function planPreview(sight: Sight): Child {
  const plan = waitingPlan(sight);
  if (plan === undefined) return null;
  return checkbox({
    label: `Show with plan ${plan.id}`,
    isChecked: isPlanShown(sight),
    onChange: (isChecked) => {
      sight.acts.change(withQuery(sight.address, { with: isChecked ? 'plan' : undefined }));
    },
  });
}

function legend(): Branch {
  return h(
    'span',
    { class: 'legend' },
    h('span', { class: 'quiet' }, '% of capacity'),
    legendWords().map(({ level, text }) => h('span', { class: `swatch level-${level}` }, text)),
    h('span', { class: 'swatch to-come' }, 'to come: P90'),
  );
}

function heatMap(sight: Sight, heat: HeatMap | undefined): Branch {
  if (heat === undefined) return h('div', { class: 'heat waiting', 'aria-busy': 'true' });
  if (heat.metrics.length === 0) return sentence(NO_CAPACITY);
  const plan = isPlanShown(sight) ? waitingPlan(sight) : undefined;
  const picture = heatPicture(heat, {
    order: orderOf(sight, heat),
    fits: (server) => fitsFilter(sight, server),
    score: plan === undefined ? undefined : sight.read<PlanScore>(scorePath(plan)),
  });
  if (picture.rows.length === 0) return sentence(NO_MATCH);
  const scene: HeatScene = {
    picture,
    heightPx: heightOf(picture.rows.length),
    onPick: (server) => {
      sight.acts.go(at('explain', ['server', server]));
    },
  };
  return h(
    'div',
    { class: 'heat' },
    isEmpty(picture) ? sentence(NOTHING_MEASURED) : null,
    h('canvas', {
      tabindex: 0,
      role: 'application',
      'aria-roledescription': 'heat map',
      'aria-describedby': 'heat-cell',
      painting: { by: 'heat-map', model: scene },
    }),
    h('p', {
      id: 'heat-cell',
      class: 'readout',
      'aria-live': 'polite',
      painting: { by: 'heat-map itself', model: undefined },
    }),
  );
}

function isEmpty({ rows }: HeatPicture): boolean {
  return rows.every(({ values }) => values.every((value) => value === null));
}

/** Rows get lower the more there are. */
function heightOf(rows: number): number {
  const rowPx = rows <= 12 ? 26 : rows <= 48 ? 18 : 12;
  return 20 + rows * rowPx;
}

function serverTable(sight: Sight, status: Status): Branch {
  const { servers, atMs, forecast } = status;
  const horizon = forecast === null ? '' : ` in ${duration(forecast.horizonMs)}`;
  return section(
    'Servers',
    table(
      'Servers now and soon',
      [
        { title: 'Server', isShort: true },
        { title: 'State' },
        { title: 'CPU', isNumber: true },
        { title: 'Memory', isNumber: true },
        { title: 'Network', isNumber: true },
        { title: 'Requests/s', isNumber: true },
        { title: `P90${horizon}` },
        { title: 'Resources', isNumber: true },
        { title: 'Note' },
      ],
      servers
        .filter(({ id, state, note }) => fitsFilter(sight, id, state, note))
        .map((server) => ({
          key: server.id,
          cells: [
            rowLink(at('explain', ['server', server.id]), server.id),
            stateWords(server),
            percent(server.utilization.cpu),
            percent(server.utilization.memory),
            percent(server.utilization.network),
            quantity(server.hitsPerSecond),
            predictedCell(server),
            server.resources,
            noteWords(server, atMs),
          ],
        })),
      NO_MATCH,
    ),
  );
}

function predictedCell({ predicted }: ServerStatus): Child {
  if (predicted === null) return NONE;
  return [
    shareBar(predicted.p90, null),
    h('span', { class: 'quiet' }, metricWord(predicted.dimension)),
  ];
}

function movers(heat: HeatMap | undefined, status: Status): Branch {
  const found = heat?.movers ?? [];
  return section(
    'Top movers',
    found.length === 0
      ? sentence(NO_MOVERS)
      : h(
          'ol',
          { class: 'movers' },
          found.map(({ resource, server, dimension, now, peak }) =>
            h(
              'li',
              { key: resource },
              link(at('explain', ['resource', resource]), resource),
              h('span', { class: 'quiet' }, ` on ${server}, ${metricWord(dimension)} `),
              h('span', { class: 'value' }, `${percent(now)} → ${percent(peak)}`),
            ),
          ),
        ),
    status.servers.length === 0
      ? null
      : h('p', { class: 'quiet' }, 'Share of its server: expected next, and P90 of its peak.'),
  );
}

function facts({ imbalance, forecast, atMs, policy }: Status): Branch {
  const trust =
    forecast === null
      ? 'There is no forecast yet.'
      : `Forecast ${duration(atMs - forecast.madeAtMs)} old; ${
          forecast.coverage === null
            ? 'not scored yet'
            : `${percent(forecast.coverage)} of what came was within P10–P90 (80 % is right)`
        }.`;
  const even =
    imbalance === null ? null : `The fullest server carries ${quantity(imbalance)} times the mean.`;
  return section(
    'What it goes by',
    h('p', {}, trust),
    even === null ? null : h('p', {}, even),
    h('p', { class: 'quiet' }, `Policy: ${ended(policy.text)}`),
  );
}

export const clusterPage: Page = {
  title: () => 'Cluster',
  asks: (sight) => {
    const plan = isPlanShown(sight) ? waitingPlan(sight) : undefined;
    const heatMs = (sight.read<HeatMap>(heatPath(sight))?.columnMs ?? 20_000) / 2;
    return [
      STATUS,
      PLANS,
      // A column comes when its time is over: asked sooner the answer is the same.
      { path: heatPath(sight), restMs: Math.min(30_000, Math.max(2000, heatMs)) },
      ...(plan === undefined ? [] : [{ path: scorePath(plan), restMs: 15_000 }]),
    ];
  },
  view,
};

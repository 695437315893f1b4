import { at, choiceIn } from '../frame/address.js';
import type { LeadScore, Residents, Resources, SeriesForecast, Status } from '../frame/answers.js';
import {
  choice,
  facts,
  filter,
  fitsFilter,
  link,
  rowLink,
  section,
  sentence,
  table,
} from '../frame/controls.js';
import {
  NOTHING_MEASURED,
  NOT_FORECAST,
  NO_MATCH,
  NO_RESOURCES,
  NO_SAID,
  NO_SCORE,
  NO_SERVERS,
  learning,
  refused,
} from '../frame/sentences.js';
import type { Ask, Page, Sight } from '../frame/sight.js';
import type { Child, Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import {
  NONE,
  amount,
  clockTime,
  counted,
  duration,
  metricWord,
  percent,
  since,
} from '../frame/words.js';
import { bandChart } from '../figures/band-chart.js';
import { shareBar } from '../figures/share-bar.js';
import { residentTable } from './server-cells.js';

/* Page 2: one server or resource as it was, as it will be, as it was said to be, and how good that was. */

const WINDOWS = ['72', '288', '2016'] as const;

const STATUS: Ask = { path: '/v1/status', restMs: 4000 };
const RESOURCES: Ask = { path: '/v1/resources', restMs: 30_000 };

interface Subject {
  readonly kind: 'server' | 'resource';
  readonly id: string;
}

/** Undefined: none is named, so that all are listed. */
function subjectOf({ address: { parts } }: Sight): Subject | undefined {
  const [kind, id] = parts;
  if (id === undefined || (kind !== 'server' && kind !== 'resource')) return undefined;
  return { kind, id };
}

function seriesPath({ kind, id }: Subject, { address }: Sight): string {
  const { metric } = address.query;
  const past = choiceIn(address, 'past', WINDOWS, '72');
  const wanted = metric === undefined ? '' : `&metric=${encodeURIComponent(metric)}`;
  return `/v1/forecast/${kind}s/${encodeURIComponent(id)}?pastSteps=${past}${wanted}`;
}

function residentsPath(server: string): string {
  return `/v1/servers/${encodeURIComponent(server)}/resources`;
}

function view(sight: Sight): Tree[] {
  const subject = subjectOf(sight);
  if (subject === undefined) return index(sight);
  const problem = sight.problemOf(seriesPath(subject, sight));
  if (problem !== undefined) return [sentence(refused(problem))];
  const series = sight.read<SeriesForecast>(seriesPath(subject, sight));
  if (series === undefined) return [];
  return [
    head(series, sight),
    ...(series.learning === null ? [] : [sentence(learning(series.learning))]),
    ...(series.past.every((value) => value === null) ? [sentence(NOTHING_MEASURED)] : []),
    ...(series.forecast === null ? [sentence(NOT_FORECAST)] : []),
    chart(series, sight),
    h(
      'div',
      { class: 'columns' },
      scoreSection(series),
      subject.kind === 'server' ? residents(subject.id, sight) : whatIsIt(series),
    ),
  ];
}

function head(series: SeriesForecast, sight: Sight): Tree {
  const { subject, id, metric, metrics, server, stepMs, said } = series;
  const options = metrics.includes(metric) ? metrics : [metric, ...metrics];
  return h(
    'div',
    { class: 'bar' },
    h('h2', { class: 'subject' }, id),
    server === null ? null : h('span', {}, 'on ', link(at('forecast', ['server', server]), server)),
    link(at('explain', [subject, id]), 'Explain'),
    choice(sight, {
      label: 'Metric',
      name: 'metric',
      value: metric,
      options: options.map((each) => ({ value: each, text: metricWord(each) })),
    }),
    choice(sight, {
      label: 'Window',
      name: 'past',
      value: choiceIn(sight.address, 'past', WINDOWS, '72'),
      options: WINDOWS.map((steps) => ({
        value: steps,
        text: `last ${duration(Number(steps) * stepMs)}`,
      })),
    }),
    choice(sight, {
      label: 'What we said',
      name: 'said',
      value: sight.address.query.said ?? '',
      options: [
        { value: '', text: 'not shown' },
        ...said.map(({ leadMs }) => ({
          value: String(leadMs),
          text: `${duration(leadMs)} before`,
        })),
      ],
    }),
  );
}

function chart(series: SeriesForecast, sight: Sight): Tree {
  const wanted = sight.address.query.said;
  const leadMs = series.said.find((each) => String(each.leadMs) === wanted)?.leadMs;
  const said = series.said.find((each) => each.leadMs === leadMs);
  const isSilent = said?.p50.every((value) => value === null) ?? false;
  return h(
    'figure',
    { class: 'panel' },
    bandChart(series, leadMs, sight.roomPx),
    h(
      'figcaption',
      { class: 'legend' },
      key('past', 'measured'),
      key('median', 'expected (P50)'),
      key('band', 'P10–P90'),
      series.limit === null ? null : key('limit', 'limit'),
      leadMs === undefined ? null : key('said', `said ${duration(leadMs)} before`),
      madeWords(series),
    ),
    isSilent ? sentence(NO_SAID) : null,
  );
}

function key(kind: string, text: string): Tree {
  return h('span', { class: 'key' }, h('i', { class: kind }), text);
}

function madeWords({ forecast, nowMs }: SeriesForecast): Child {
  if (forecast === null) return null;
  return h(
    'span',
    { class: 'quiet end' },
    `forecast made ${since(forecast.madeAtMs, nowMs)} by ${forecast.model}`,
  );
}

/** How good it was, in the words of those who are called at night. */
function scoreSection(series: SeriesForecast): Tree {
  const { score, nowMs, metric, stepMs } = series;
  const spanMs = nowMs - score.fromMs;
  if (score.leads.length === 0) return section('How good it was', sentence(NO_SCORE));
  return section(
    `How good it was, last ${duration(spanMs)}`,
    breachWords(series),
    table(
      'Scores by how long before it was said',
      [
        { title: 'Said before', isShort: true },
        { title: 'Came within P10–P90', isNumber: true },
        { title: 'Mean miss', isNumber: true },
        { title: 'Against “as it was”' },
        { title: 'Steps', isNumber: true },
      ],
      score.leads.map((lead) => ({
        key: String(lead.leadMs),
        cells: [
          duration(lead.leadMs),
          coverageWords(lead),
          amount(lead.absoluteError, metric),
          naiveWords(lead),
          lead.count.toLocaleString('en-US'),
        ],
      })),
      NO_SCORE,
    ),
    h(
      'p',
      { class: 'quiet' },
      '80 % within the band is right: less is overconfident, more is vague. “As it was” says that nothing changes.',
    ),
    score.worst === null
      ? null
      : h(
          'p',
          {},
          `Worst miss: ${clockTime(score.worst.timeMs, nowMs, stepMs < 60_000)}, when ${amount(score.worst.said, metric)} was said ${duration(score.worst.leadMs)} before and ${amount(score.worst.came, metric)} came.`,
        ),
  );
}

/** "Passed its limit 11 times: 9 called before (14 min ahead, median), 2 missed. 2 false alarms." */
export function breachWords({ score: { breaches } }: SeriesForecast): Child {
  if (breaches === null) return null;
  const { called, missed, false: wrong, leadMs } = breaches;
  const all = called + missed;
  const alarms = wrong === 0 ? 'No false alarm.' : `${counted(wrong, 'false alarm')}.`;
  if (all === 0) {
    return h('p', { class: 'score' }, `Its limit was not passed. ${alarms}`);
  }
  const ahead = leadMs === null ? '' : ` (${duration(leadMs)} ahead, median)`;
  const times = all === 1 ? 'once' : `${all} times`;
  return h(
    'p',
    { class: 'score' },
    `Passed its limit ${times}: ${called} called before${called === 0 ? '' : ahead}, ${missed} missed. ${alarms}`,
  );
}

function coverageWords({ coverage }: LeadScore): Child {
  const isFar = coverage < 0.6;
  return h('span', { class: isFar ? 'warn' : undefined }, percent(coverage));
}

function naiveWords({ pinball, naivePinball }: LeadScore): Child {
  if (naivePinball === null || naivePinball === 0) return NONE;
  const gain = 1 - pinball / naivePinball;
  return gain >= 0
    ? `${percent(gain)} better`
    : h('span', { class: 'warn' }, `${percent(-gain)} worse`);
}

function residents(server: string, sight: Sight): Tree {
  const found = sight.read<Residents>(residentsPath(server))?.residents ?? [];
  return section('What fills it', residentTable(found));
}

function whatIsIt({ forecast, past, metric, server }: SeriesForecast): Tree {
  const last = past.findLast((value) => value !== null) ?? null;
  const highs = (forecast?.p90 ?? []).filter((value) => value !== null);
  return section(
    'Now and soon',
    facts([
      ['Server', server === null ? 'none' : link(at('explain', ['server', server]), server)],
      ['Measured last', amount(last, metric)],
      ['P90 of its peak', highs.length === 0 ? NONE : amount(Math.max(...highs), metric)],
      ['Model', forecast?.model ?? NONE],
    ]),
  );
}

/** All there is to choose from. */
function index(sight: Sight): Tree[] {
  const status = sight.read<Status>(STATUS.path);
  const resources = sight.read<Resources>(RESOURCES.path)?.resources ?? [];
  return [
    h('div', { class: 'bar' }, filter(sight)),
    h(
      'div',
      { class: 'columns even' },
      section(
        'Servers',
        table(
          'Servers',
          [{ title: 'Server' }, { title: 'P90 soon' }, { title: 'Resources', isNumber: true }],
          (status?.servers ?? [])
            .filter(({ id }) => fitsFilter(sight, id))
            .map(({ id, predicted, resources: count }) => ({
              key: id,
              cells: [
                rowLink(at('forecast', ['server', id]), id),
                predicted === null ? NONE : shareBar(predicted.p90, null),
                count,
              ],
            })),
          status?.servers.length === 0 ? NO_SERVERS : NO_MATCH,
        ),
      ),
      section(
        'Resources',
        table(
          'Resources',
          [{ title: 'Resource' }, { title: 'Server' }],
          resources
            .filter(({ id, server }) => fitsFilter(sight, id, server ?? ''))
            .map(({ id, server, isShared, eligible }) => ({
              key: id,
              cells: [
                rowLink(at('forecast', ['resource', id]), id),
                server ?? (isShared ? `shared by ${eligible}` : 'none'),
              ],
            })),
          resources.length === 0 ? NO_RESOURCES : NO_MATCH,
        ),
      ),
    ),
  ];
}

export const forecastPage: Page = {
  title: (sight) => {
    const subject = subjectOf(sight);
    return subject === undefined ? 'Forecast' : `Forecast of ${subject.id}`;
  },
  asks: (sight) => {
    const subject = subjectOf(sight);
    if (subject === undefined) return [STATUS, RESOURCES];
    const stepMs = sight.read<SeriesForecast>(seriesPath(subject, sight))?.stepMs ?? 20_000;
    const restMs = Math.min(30_000, Math.max(2000, stepMs / 2));
    return [
      { path: seriesPath(subject, sight), restMs },
      ...(subject.kind === 'server' ? [{ path: residentsPath(subject.id), restMs: 5000 }] : []),
    ];
  },
  view,
};

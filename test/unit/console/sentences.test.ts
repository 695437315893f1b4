import { describe, expect, it } from '@jest/globals';
import { at } from '../../../console/frame/address.js';
import type { Status } from '../../../console/frame/answers.js';
import { ended, refused, statusSentences, viewing } from '../../../console/frame/sentences.js';
import { clusterPage } from '../../../console/pages/cluster.js';
import { forecastPage } from '../../../console/pages/forecast.js';
import { ANN, NOW, Seen, VIC, serverStatus, statusAnswer } from '../../support/console-sight.js';

const said = (given: Partial<Status>): string[] =>
  statusSentences(statusAnswer(given)).map(({ text }) => text);

const processAt = (id: string) => ({ id, saidAtMs: NOW, isSilent: false, spool: null });
const engine = (name: string, processes: readonly string[]): Status['engines'][number] => ({
  ...{ name, processes },
  fault: { sinceMs: NOW - 60_000, code: 'ERR_STORE_UNAVAILABLE', message: 'refused' },
});

describe('a state that is not as one would wish', () => {
  it.each<[string, Partial<Status>, string]>([
    ['empty', { servers: [] }, 'No server is known yet.'],
    ['one server', { servers: [serverStatus('s1')] }, 'There is one server: nothing can be moved'],
    ['no forecast', { forecast: null }, 'There is no forecast yet.'],
    [
      'learning',
      {
        balancer: {
          kind: 'learning',
          plan: null,
          text: 'Learning: 3 of 24 steps of history are there.',
        },
      },
      'Until then nothing is planned',
    ],
    [
      'a collector that fails',
      { collector: [{ target: 's1', failing: 'refused' }] },
      '1 target cannot be polled: s1.',
    ],
    [
      'a store that is away',
      { engines: [engine('metric store', ['up@r1'])] },
      'The metric store is away or refuses since 1 min: refused (ERR_STORE_UNAVAILABLE).',
    ],
    [
      'a store that is away for some of several processes',
      {
        processes: ['api@a:1', 'collector@a:2'].map(processAt),
        engines: [engine('metric store', ['collector@a:2'])],
      },
      'The metric store is away or refuses since 1 min, says collector@a:2: refused (ERR_STORE',
    ],
    [
      'paused',
      { paused: { by: 'ann', reason: 'night', sinceMs: NOW - 3_600_000 } },
      'Paused by ann 60 min ago (night).',
    ],
    ['unassigned', { unassigned: 2 }, '2 resources without a server.'],
    [
      'a forecaster that is away',
      { warnings: ['the forecast is old: no round has ended lately'] },
      'the forecast is old: no round has ended lately.',
    ],
    ['a warning of the status', { warnings: ['s1 is lost'] }, 's1 is lost.'],
  ])('%s: has a sentence of its own', (_name, given, expected) => {
    expect(said(given).some((text) => text.startsWith(expected))).toBe(true);
    expect(said({}).some((text) => text.startsWith(expected))).toBe(false);
  });

  it('is told once, the worst first', () => {
    const sentences = statusSentences(
      statusAnswer({
        servers: [serverStatus('s1')],
        collector: [{ target: 's1', failing: 'refused' }],
        engines: [engine('store', ['up@r1'])],
        warnings: ['s1 cannot be polled: refused', 'the store is away or refuses since …'],
      }),
    );
    expect(sentences.map(({ tone }) => tone)).toEqual(['bad', 'warn', 'calm']);
  });

  it('is nothing at all where all is well', () => {
    expect(said({})).toEqual([]);
  });

  it('names few of many', () => {
    const collector = Array.from({ length: 9 }, (_, at) => ({ target: `s${at}`, failing: 'x' }));
    expect(said({ collector })[0]).toBe(
      '9 targets cannot be polled: s0, s1, s2, s3, s4 and 4 more.',
    );
  });

  it('ends as sentences do, and leaves names as they are', () => {
    expect(ended('s1 is lost')).toBe('s1 is lost.');
    expect(ended('Done.')).toBe('Done.');
  });

  it('is told to those who may only look, and to nobody else', () => {
    expect(viewing(VIC)?.text).toBe('You look as vic, a viewer.');
    expect(viewing(ANN)).toBeUndefined();
  });

  it('is the word of the API where that refuses, with what to do', () => {
    const problem = { status: 403, code: 'ERR_ROLE_NEEDED', detail: 'vic may not', remedy: 'Ask.' };
    expect(refused(problem)).toEqual({ tone: 'warn', text: 'vic may not.', next: 'Ask.' });
    expect(refused({ ...problem, status: 503 }).tone).toBe('bad');
  });
});

const HEAT_PATH = '/v1/heat-map?metric=utilization&pastSteps=72';

describe('the cluster', () => {
  const cluster = (answers: Readonly<Record<string, unknown>>): Seen =>
    new Seen(clusterPage, { address: at('cluster'), answers });

  it('says what the balancer does and why, and leads to the plan that waits', () => {
    const balancer = {
      kind: 'waiting',
      plan: '42',
      text: 'Plan 42 waits for approval: 3 moves (trigger: s1 will be full); foreshift apply 42',
    };
    const seen = cluster({
      '/v1/status': statusAnswer({ balancer }),
      '/v1/plans': { plans: [{ id: '42' }] },
    });
    expect(seen.text).toContain(
      'Balancer Plan 42 waits for approval: 3 moves (trigger: s1 will be full). Review plan 42',
    );
    expect(seen.text).toContain('Show with plan 42');
  });

  it('asks what a plan would do only where that is shown', () => {
    const answers = { '/v1/plans': { plans: [{ id: '42' }] } };
    expect(cluster(answers).paths).toEqual(['/v1/status', '/v1/plans', HEAT_PATH]);
    const shown = new Seen(clusterPage, { address: at('cluster', [], { with: 'plan' }), answers });
    expect(shown.paths).toContain('/v1/plans/42/score');
  });

  it('has the number beside each colour', () => {
    const seen = cluster({ '/v1/status': statusAnswer() });
    expect(seen.text).toContain('s1 ready 71 %');
    expect(seen.text).toContain('94 % CPU');
  });

  it('says that no capacity is declared in place of an empty picture', () => {
    const heat = {
      nowMs: NOW,
      metrics: [],
      columnMs: 1000,
      pastFromMs: NOW,
      futureFromMs: null,
      servers: [],
      movers: [],
    };
    const seen = cluster({ '/v1/status': statusAnswer(), [HEAT_PATH]: heat });
    expect(seen.text).toContain('No server has declared a capacity');
  });
});

describe('a forecast', () => {
  const PATH = '/v1/forecast/servers/s1?pastSteps=72';
  const series = {
    subject: 'server',
    id: 's1',
    metric: 'utilization',
    metrics: ['utilization', 'cpu'],
    server: null,
    nowMs: NOW,
    stepMs: 300_000,
    pastFromMs: NOW - 600_000,
    past: [0.5, 0.6],
    limit: 1,
    forecast: {
      madeAtMs: NOW - 60_000,
      fromMs: NOW,
      model: 'sum of its resources',
      p10: [0.5],
      p50: [0.7],
      p90: [1.04],
    },
    said: [{ leadMs: 1_800_000, p10: [0.4, 0.4], p50: [0.5, 0.5], p90: [0.6, 0.6] }],
    score: {
      fromMs: NOW - 86_400_000,
      leads: [
        {
          leadMs: 1_800_000,
          count: 2016,
          coverage: 0.79,
          absoluteError: 0.04,
          pinball: 0.011,
          naivePinball: 0.019,
        },
      ],
      breaches: { called: 9, missed: 2, false: 2, leadMs: 840_000 },
      worst: { timeMs: NOW - 3_600_000, leadMs: 1_800_000, said: 0.5, came: 0.9 },
    },
    learning: null,
  } as const;
  const seen = (given: object, query = {}): Seen =>
    new Seen(forecastPage, {
      address: at('forecast', ['server', 's1'], query),
      answers: { [PATH]: { ...series, ...given } },
    });

  it('is scored in the words of those who are called at night', () => {
    const { text } = seen({});
    expect(text).toContain(
      'Passed its limit 11 times: 9 called before (14 min ahead, median), 2 missed. 2 false alarms.',
    );
    expect(text).toContain('30 min 79 % 4 % 42 % better 2,016');
  });

  it.each([
    [{ called: 0, missed: 0, false: 0, leadMs: null }, 'Its limit was not passed. No false alarm.'],
    [
      { called: 0, missed: 1, false: 1, leadMs: null },
      'Passed its limit once: 0 called before, 1 missed. 1 false alarm.',
    ],
  ])('is scored in words also where little happened: %j', (breaches, words) => {
    expect(seen({ score: { ...series.score, breaches } }).text).toContain(words);
  });

  it('says that it learns, that nothing is expected, that nothing was measured', () => {
    const { text } = seen({
      learning: { steps: 3, stepsMin: 24 },
      forecast: null,
      past: [null, null],
    });
    expect(text).toContain('Learning: 3 of 24 steps of history are there.');
    expect(text).toContain('Nothing is expected of it');
    expect(text).toContain('Nothing was measured in this time.');
  });

  it('lays what was said over what came, if asked to', () => {
    const paths = (query: object): unknown[] =>
      seen({}, query)
        .all(({ tag }) => tag === 'path')
        .map(({ attributes }) => attributes.class);
    expect(paths({})).toEqual(['band', 'median', 'past']);
    expect(paths({ said: '1800000' })).toEqual(['said-band', 'said', 'band', 'median', 'past']);
  });

  it('says its picture in a sentence, for those who cannot see it', () => {
    const [chart] = seen({}).all(({ attributes }) => attributes.class === 'chart');
    expect(chart?.attributes['aria-label']).toBe(
      's1: now 60 %, P90 of the peak 104 %, above its limit of 100 %.',
    );
  });
});

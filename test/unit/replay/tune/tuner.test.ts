import { describe, expect, it } from '@jest/globals';
import { MemoryBus } from '../../../../core/bus/memory.js';
import { configSchema } from '../../../../core/config/schema.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { plannerOptions, policyOf, policyWords } from '../../../../core/table-store/policy.js';
import { PIN, SERVER } from '../../../../core/table-store/records/server.js';
import { TUNING } from '../../../../core/table-store/records/tuning.js';
import type { QuantileTrial } from '../../../../replay/tune/choice.js';
import type { TrialRunner, TrialsAsked } from '../../../../replay/tune/trial-runner.js';
import { InlineTrials } from '../../../../replay/tune/trial-runner.js';
import { Tuner } from '../../../../replay/tune/tuner.js';
import { ControlPlane, SERVER_RECORD } from '../../../support/control-plane.js';
import { r, s } from '../../../support/names.js';
import { resourceSeries, sample } from '../../../support/series.js';

const STEP_MS = 1_800_000;
const DAY_MS = 86_400_000;
const HISTORY = { stepMs: STEP_MS };

const MEASURES = {
  overloadMinutes: 0,
  overloadMinutesPerServerDay: 0,
  moves: 0,
  movesPerResourceDay: 0.1,
};

/** Minutes of overload in either part, by quantile; what was asked is kept. */
class MadeTrials implements TrialRunner {
  readonly asked: TrialsAsked[] = [];
  minutes: Readonly<Record<string, number>> = {};

  run(asked: TrialsAsked): Promise<QuantileTrial[]> {
    this.asked.push(asked);
    const trials = asked.quantiles.map((quantile) => {
      const overloadMinutes = this.minutes[quantile] ?? 1000;
      const measures = {
        ...MEASURES,
        overloadMinutes,
        overloadMinutesPerServerDay: overloadMinutes / 10,
      };
      const days = Array.from({ length: 4 }, () => overloadMinutes / 2);
      return { quantile, choosing: measures, judging: measures, days };
    });
    return Promise.resolve(trials);
  }
}

async function service({ days = 6, planner = {}, tune = {} } = {}) {
  const plane = await ControlPlane.with(['s1', 's2', 's3'], {
    a: 's1@1.5',
    b: 's1@1.6',
    c: 's2@1.7',
  });
  const metricStore = new MemoryMetricStore();
  const endMs = plane.clock.realtimeMs();
  for (const [at, id] of ['a', 'b', 'c'].entries()) {
    const series = resourceSeries(id, 'cpu');
    const samples = Array.from({ length: (days * DAY_MS) / STEP_MS }, (_, step) =>
      sample(series, endMs - (step + 1) * STEP_MS, 1 + at + Math.sin(step / 8)),
    );
    await metricStore.writeSamples(samples);
  }
  const config = configSchema.parse({ forecast: { stepMs: STEP_MS }, planner, tune });
  const trials = new MadeTrials();
  const bus = new MemoryBus(plane);
  const { store, view, clock, log } = plane;
  const eligibility = new Eligibility(plane);
  const tuner = new Tuner(
    { store, view, clock, log, metricStore, eligibility, bus, trials },
    { ...config, seed: 1 },
  );
  await tuner.start();
  const tuned = async () => {
    await bus.enqueue('tune', {}, { attemptsMax: 1 });
    await clock.advance(1000);
    const [job] = await bus.jobs();
    return { job, record: view.get(TUNING, 'planner')?.value };
  };
  const words = () => policyWords(policyOf(config.planner, view, HISTORY));
  const quantile = () => plannerOptions(config.planner, view, HISTORY).quantile;
  return { plane, trials, bus, tuned, words, quantile };
}

describe('the tune job', () => {
  it('makes the better quantile the policy, and says what is expected of it', async () => {
    const { trials, tuned, words, quantile } = await service();
    expect(quantile()).toBe(0.85);
    expect(words()).toBe('plans for P85, the safe default: nothing was tried yet');
    trials.minutes = { 0.95: 500 };
    const { job, record } = await tuned();
    expect(job).toMatchObject({ kind: 'tune', state: 'done' });
    expect(record).toMatchObject({ quantile: 0.95, verdict: 'changed', before: 0.85 });
    expect(record?.trials.map((trial) => trial.quantile)).toEqual([0.7, 0.8, 0.85, 0.9, 0.95]);
    expect(record?.history).toMatchObject({ dimension: 'cpu', servers: 3, resources: 3 });
    expect(quantile()).toBe(0.95);
    expect(words()).toMatch(
      /^plans for P95, tuned: P95 has .* on the last 1.5 days of history, P85 /,
    );
  });

  it('keeps what is in force, and since when, where nothing is clearly better', async () => {
    const { trials, tuned, quantile } = await service();
    trials.minutes = { 0.9: 500 };
    const { record: first } = await tuned();
    trials.minutes = { 0.9: 500, 0.95: 480 };
    const { record: second } = await tuned();
    expect(second).toMatchObject({ quantile: 0.9, verdict: 'kept', before: 0.9, chosen: 0.9 });
    expect(second?.sinceMs).toBe(first?.sinceMs);
    expect(second?.atMs).toBeGreaterThan(first?.atMs ?? Infinity);
    expect(quantile()).toBe(0.9);
  });

  it('only advises where the config pins the quantile', async () => {
    const { trials, tuned, words, quantile } = await service({ planner: { quantile: 0.75 } });
    trials.minutes = { 0.95: 500 };
    const { record } = await tuned();
    expect(record).toMatchObject({ verdict: 'advised', before: 0.75, chosen: 0.95, sinceMs: null });
    expect(trials.asked[0]?.quantiles).toContain(0.75);
    expect(quantile()).toBe(0.75);
    expect(words()).toMatch(/^plans for P75, pinned by the config: P95 has /);
  });

  it('leaves the safe default alone until there is history, and in a fleet that is too large', async () => {
    const young = await service({ days: 3 });
    expect((await young.tuned()).record).toMatchObject({ verdict: 'learning', quantile: 0.85 });
    expect(young.trials.asked).toHaveLength(0);
    expect(young.quantile()).toBe(0.85);
    const empty = await service({ days: 0 });
    expect((await empty.tuned()).record?.verdict).toBe('learning');
    expect(empty.words()).toContain('too little history');
    const large = await service({ tune: { forecastsMax: 100_000 } });
    expect((await large.tuned()).record?.verdict).toBe('kept');
  });

  it('plays the fleet as it is: capacities, pins, who may serve what, and where everything is', async () => {
    const { plane, trials, tuned } = await service();
    const draft = new Draft();
    draft.put(SERVER, s('s2'), { ...SERVER_RECORD, capacity: { cpu: 8 }, spare: true });
    draft.put(PIN, r('c'), { server: s('s2'), by: 'ann', reason: '', sinceMs: 0 });
    await plane.write(draft);
    await tuned();
    const scene = trials.asked[0]?.scene;
    expect(scene?.resources).toEqual(['a', 'b', 'c']);
    expect([...(scene?.capacities ?? [])]).toEqual([4, 8, 4]);
    expect([...(scene?.fleet?.firstMap ?? [])]).toEqual([0, 0, 1]);
    expect(scene?.fleet?.pinned).toEqual([null, null, 's2']);
    expect(scene?.fleet?.spare).toEqual([false, true, false]);
    expect(scene?.fleet?.eligible[0]).toEqual(['s1', 's2', 's3']);
    expect(scene?.warmSteps).toBe(3 * 48);
    expect(scene?.recorded.grid.steps).toBe(6 * 48);
  });

  it('plays a scene that can be played, with the pins kept', async () => {
    const { plane, trials, tuned } = await service();
    const draft = new Draft();
    draft.put(PIN, r('b'), { server: s('s1'), by: 'ann', reason: '', sinceMs: 0 });
    await plane.write(draft);
    await tuned();
    const { scene } = trials.asked[0]!;
    const last = { ...scene, warmSteps: scene.recorded.grid.steps - 12 };
    const done: number[] = [];
    const played = await new InlineTrials().run(
      { scene: last, quantiles: [0.7, 0.95] },
      { progress: (share) => done.push(share), signal: new AbortController().signal },
    );
    expect(played.map(({ quantile }) => quantile)).toEqual([0.7, 0.95]);
    expect(done.at(-1)).toBe(1);
  });

  it('runs by schedule', async () => {
    const { plane, trials } = await service({ tune: { everyMs: 3_600_000 } });
    await plane.clock.advance(3 * 3_600_000);
    expect(trials.asked.length).toBeGreaterThanOrEqual(2);
  });
});

import { describe, expect, it } from '@jest/globals';
import { approvePlan } from '../../../api/acts/plans.js';
import { setMode } from '../../../api/acts/mode.js';
import { configSchema } from '../../../core/config/schema.js';
import type { ForecastScore } from '../../../core/forecast-score.js';
import { auditTrail } from '../../../core/table-store/audit.js';
import { Draft } from '../../../core/table-store/draft.js';
import type { PlanRecord } from '../../../core/table-store/records/plan.js';
import { MODE, PLAN, ROUND } from '../../../core/table-store/records/plan.js';
import { faultsOf } from '../../../forecaster/fall-back.js';
import type { Round } from '../../../forecaster/round.js';
import { RecordingLog } from '../../support/recording-log.js';
import { STEP_MS, roundWorld } from '../../support/round-world.js';

const TRIGGER = { kind: 'schedule', detail: 'every 5 min' } as const;
const ANN = { by: 'ann', reason: 'looked at it' };
/** Cores of each of four: nothing to be moved; and too much for their server. */
const [CALM, MUCH] = [0.4, 1.2];
/** Of a server whose resources say 40 %: no forecast of theirs has it in its band. */
const ODD = 0.9;

/** A service in `auto` whose forecasts do not fit what comes, as long as `odd` is measured. */
async function doubted() {
  const log = new RecordingLog();
  const world = await roundWorld({ load: CALM, fallBack: { comparedMin: 20 }, log });
  const { plane, measure, round } = world;
  const rounds = async (count: number, odd: number | undefined, by: Round = round) => {
    for (let left = count; left > 0; left--) {
      await measure(1, CALM, odd);
      await by.run(TRIGGER);
    }
  };
  const mode = () => plane.view.get(MODE, 'current')?.value;
  const plans = (): PlanRecord[] => [...plane.view.all(PLAN).values()].map(({ value }) => value);
  /** The load rises: the next round has something to move. */
  const planned = async (by: Round = round): Promise<PlanRecord | undefined> => {
    await measure(12, MUCH);
    const { plan } = await by.run(TRIGGER);
    return plans().find((record) => record.plan.id === plan);
  };
  await round.run(TRIGGER);
  return { ...world, log, rounds, mode, plans, planned };
}

describe('auto, while forecasts are not to be trusted,', () => {
  it('becomes propose by itself, with the same sentence in its record, the audit and the log', async () => {
    const { plane, rounds, mode, log } = await doubted();
    await rounds(5, ODD);
    expect(mode()).toBeUndefined();
    await rounds(25, ODD);
    expect(mode()).toMatchObject({ mode: 'propose', by: 'foreshift' });
    const sentence = mode()?.fellBack ?? '';
    expect(sentence).toMatch(
      /^fell back from auto to propose, since the forecasts are not to be trusted: within 24 h \d+ % of the loads came out within the band .* `foreshift mode auto`$/,
    );
    expect(auditTrail(plane.view)).toMatchObject([{ what: 'mode', detail: sentence }]);
    const said = log.said.filter(({ message }) => message === 'fell back to propose');
    expect(said).toMatchObject([{ level: 'warn', fields: { why: sentence } }]);
    expect(plane.view.get(ROUND, 'last')?.value.score?.coverage).toBeLessThan(0.6);
  });

  it('proposes from then on, and what is approved is approved', async () => {
    const { plane, rounds, planned, plans } = await doubted();
    await rounds(25, ODD);
    const record = await planned();
    expect(record?.status).toBe('proposed');
    expect(plans().some(({ status }) => status === 'approved')).toBe(false);
    if (record === undefined) return;
    await approvePlan(record.plan.id, ANN, { startAtMs: null }, plane);
    expect(plans().map(({ status }) => status)).toEqual(['approved']);
  });

  it('stays propose when forecasts are good again, and when the service starts anew', async () => {
    const { rounds, mode, planned, begin } = await doubted();
    await rounds(25, ODD);
    const record = mode();
    await rounds(40, CALM);
    const { round } = begin();
    await rounds(2, CALM, round);
    expect(mode()).toEqual(record);
    expect((await planned(round))?.status).toBe('proposed');
  });

  it('is auto again when an operator says so, and does not fall back for what was before', async () => {
    const { plane, rounds, mode, planned } = await doubted();
    await rounds(25, ODD);
    await setMode('auto', ANN, plane);
    await rounds(3, ODD);
    expect(mode()).toMatchObject({ mode: 'auto', by: 'ann', fellBack: null });
    expect((await planned())?.status).toBe('approved');
  });

  it('falls back again for what came since', async () => {
    const { plane, rounds, mode } = await doubted();
    await rounds(25, ODD);
    await setMode('auto', ANN, plane);
    await rounds(25, ODD);
    expect(mode()).toMatchObject({ mode: 'propose', by: 'foreshift' });
    expect(auditTrail(plane.view)).toHaveLength(3);
  });

  it('takes propose from an operator as known and wanted', async () => {
    const { plane, rounds, mode } = await doubted();
    await rounds(25, ODD);
    await setMode('propose', ANN, plane);
    expect(mode()).toMatchObject({ mode: 'propose', by: 'ann', fellBack: null });
  });

  it('is judged by what the store remembers, when the service has just started', async () => {
    const { plane, rounds, mode, begin } = await doubted();
    await rounds(5, ODD);
    await setMode('observe', ANN, plane);
    await rounds(20, ODD);
    expect(mode()?.mode).toBe('observe');
    // As if it had been auto all the time, by the config.
    await plane.write(new Draft().remove(MODE, 'current'));
    await begin().round.run(TRIGGER);
    expect(mode()).toMatchObject({ mode: 'propose', by: 'foreshift' });
  });

  it('knows what plans kept from coming, as far back as it judges', async () => {
    const { plane, round } = await doubted();
    const move = plane.move('a', 's2');
    const before = { ...move.reason, server: move.source, before: 1.2 };
    await plane.applied([{ ...move, reason: before }], plane.clock.realtimeMs());
    expect(round.score().answered).toBe(1);
    expect(round.score(plane.clock.realtimeMs() + 1).answered).toBe(0);
    await plane.clock.advance(25 * 3_600_000);
    expect(round.score().answered).toBe(0);
  });

  it('stays auto where forecasts are good', async () => {
    const { rounds, mode } = await doubted();
    await rounds(40, CALM);
    expect(mode()).toBeUndefined();
  });
});

const GOOD: ForecastScore = {
  windowMs: 86_400_000,
  called: 9,
  leadMs: 14 * 60_000,
  missed: 2,
  false: 2,
  answered: 0,
  compared: 2016,
  coverage: 0.8,
};

describe('a score', () => {
  const { fallBack: limits } = configSchema.parse({});
  const faults = (given: Partial<ForecastScore>) =>
    faultsOf({ ...GOOD, ...given }, limits, STEP_MS);

  it('is good, or says what is wrong with it in figures', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ called: 1, missed: 19 })).toEqual([
      '19 of 20 overloads came without a warning (limit 90 %)',
    ]);
    expect(faults({ called: 2, missed: 0, false: 9 })).toEqual([
      '9 of 11 warnings of an overload were false alarms (limit 75 %)',
    ]);
    expect(faults({ coverage: 0.5 })).toEqual([
      '50 % of the loads came out within the band of their forecast (80 % is right, limit 60 %)',
    ]);
    const [late] = faultsOf({ ...GOOD, called: 10 }, { ...limits, leadStepsMin: 4 }, STEP_MS);
    expect(late).toBe('overloads were called 14 min ahead (median; limit 20 min)');
  });

  it('of too little is no judgement', () => {
    expect(faults({ called: 0, missed: 9, false: 9, leadMs: null })).toEqual([]);
    expect(faults({ compared: 299, coverage: 0 })).toEqual([]);
    expect(faults({ compared: 0, coverage: null })).toEqual([]);
  });

  it('holds nothing against calls that moves answered', () => {
    expect(faults({ called: 0, missed: 5, answered: 0 })).toEqual([]);
    expect(faults({ called: 0, missed: 10, answered: 0 })).toHaveLength(1);
    expect(faults({ called: 0, missed: 10, answered: 10 })).toEqual([]);
  });
});

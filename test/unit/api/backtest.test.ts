import { expect, it } from '@jest/globals';
import { statusSchema } from '../../../api/contract/status.js';
import { statusText } from '../../../cli/verbs/status.js';
import { styleOf } from '../../../cli/terminal.js';
import { Draft } from '../../../core/table-store/draft.js';
import { BACKTEST } from '../../../core/table-store/records/backtest.js';
import { ApiFront } from '../../support/api-front.js';

const HOUR_MS = 3_600_000;

it('status says how good the forecasts would have been on the own history, and when that was found', async () => {
  const front = await ApiFront.start();
  try {
    const status = async () =>
      statusSchema.parse(JSON.parse((await front.ask('GET', '/v1/status')).text));
    const before = await status();
    expect(before.backtest).toBeNull();
    expect(statusText(before, styleOf(false))).not.toContain('backtest');

    const atMs = before.atMs - 2 * HOUR_MS;
    const score = {
      ...{ atMs, series: 40, forecasts: 9000, fromMs: atMs - 144 * HOUR_MS, toMs: atMs },
      ...{ errorRatio: 0.62, peakErrorRatio: 0.7, coverage90: 0.89 },
      ...{ called: 9, missed: 2, false: 1, leadMs: 840_000 },
    };
    await front.plane.write(new Draft().put(BACKTEST, 'last', score));
    const after = await status();
    expect(after.backtest).toMatchObject(score);
    expect(statusText(after, styleOf(false))).toContain(
      'backtest: error 62 % of saying that all is as a season before, ' +
        '89 % of what came was below P90 (90 % is right), ' +
        '9 of 11 high spells called, 14 min ahead (median), 1 false alarm; ' +
        'on 40 series over 6 d (2 h ago)',
    );
  } finally {
    await front.stop();
  }
});

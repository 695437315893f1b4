import type { BacktestScore } from '../../core/backtest-score.js';
import type { MetricSource, Reading } from '../../core/metrics.js';
import { BACKTEST } from '../../core/table-store/records/backtest.js';
import type { TableView } from '../../core/table-store/view.js';

/** What the last backtest of the fleet's own history found; absent: nothing was found, or there was none. */
export function backtestMetrics(view: TableView): MetricSource[] {
  const of = (valueOf: (score: BacktestScore) => number | null) => (): Reading[] => {
    const score = view.get(BACKTEST, 'last')?.value;
    const value = score === undefined ? null : valueOf(score);
    return value === null ? [] : [{ value }];
  };
  return [
    {
      name: 'foreshift_backtest_timestamp_seconds',
      help: 'When the last backtest of the own history ended.',
      kind: 'gauge',
      read: of(({ atMs }) => atMs / 1000),
    },
    {
      name: 'foreshift_backtest_series',
      help: 'Series that it judged.',
      kind: 'gauge',
      read: of(({ series }) => series),
    },
    {
      name: 'foreshift_backtest_error_ratio',
      help: 'Error of P50 by that of saying that all is as a season before; below 1 is better.',
      kind: 'gauge',
      read: of(({ errorRatio }) => errorRatio),
    },
    {
      name: 'foreshift_backtest_below_p90_ratio',
      help: 'Share of what came that stayed below P90; 0.9 is right.',
      kind: 'gauge',
      read: of(({ coverage90 }) => coverage90),
    },
  ];
}

import type { BacktestScore } from '../../backtest-score.js';
import { backtestScoreSchema } from '../../backtest-score.js';
import { RecordKind } from './kind.js';

/** What the last backtest of the fleet's own history found: written by the forecaster. */
export const BACKTEST = new RecordKind<BacktestScore, 'last'>('backtest', backtestScoreSchema);

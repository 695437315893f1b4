import { serverSeries } from './series.js';

/* What the process that is killed and the test that kills it agree on. */

export const KILL_METRICS = {
  startMs: 20_000 * 86_400_000,
  rawRetentionMs: 86_400_000,
  rollupMs: 300_000,
  rollupRetentionMs: 86_400_000,
  forecastRetentionMs: 86_400_000,
  durableWithinMs: 200,
};

export const KILL_SERIES = serverSeries('s1');

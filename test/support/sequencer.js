// The order of test files: those that take long begin first, so that none of them is left alone at the end. Jest does so
// by the times of former runs, which a fresh clone has not, and by the size of a file, which says little here.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = join(import.meta.dirname, '..');

/** Seconds on two cores. */
const LONG = {
  'integration/takeover': 150,
  'integration/storage-takeover': 60,
  'model/model-1': 70,
  'simulation/mutants-1': 70,
  'integration/kill-matrix': 50,
  'integration/kill-up': 47,
  'model/model-2': 46,
  'integration/store-failovers': 46,
  'integration/demo': 36,
  'simulation/seeds-1': 36,
  'simulation/seeds-2': 36,
  'simulation/mutants-2': 36,
  'integration/real-clients': 35,
  'integration/forecast-verbs': 34,
  'integration/fleet': 27,
  'integration/processes': 25,
  'integration/redis-failover': 25,
  'integration/systemd': 23,
  'integration/redis-bus': 22,
  'integration/corpus': 21,
  'integration/demo-distributed': 21,
  'integration/workers': 20,
  'integration/slow-clients': 20,
  'integration/grafana-prometheus': 19,
  'unit/core/trace/fuzz': 18,
  'integration/rolling-restart': 18,
  'integration/redis-up': 17,
  'integration/control-plane': 17,
  'unit/core/metric-store/fuzz': 15,
  'unit/forecaster/forecasting': 15,
  'integration/cli': 15,
  'integration/exclusive-switches': 15,
  'integration/api-login': 15,
  'integration/shared': 15,
  'integration/tcp-switch': 15,
  'integration/reload': 15,
  'integration/nfs-up': 15,
  'integration/compose-runs': 15,
  'integration/iscsi-reservations': 24,
  'integration/node-exporter': 13,
  'integration/influx-up': 13,
  'unit/forecaster/planner/properties': 13,
  'conformance/bus-bullmq': 12,
  'simulation/mutants': 12,
  'integration/influx-names': 10,
  'unit/replay/foreshift/policy': 10,
  'unit/models/quantile-linear': 10,
  'unit/replay/tune/nightly': 10,
  'simulation/regressions': 10,
};

for (const name of Object.keys(LONG)) {
  if (!existsSync(join(TESTS, `${name}.test.ts`))) throw new Error(`${name} is no test any more`);
}

/** What jest asks of a sequencer, but for shards and `--onlyFailures`. */
export default class LongFirst {
  /** Of equal length, the larger first: most of the rest takes about a second. */
  sort(tests) {
    const bytes = new Map(tests.map(({ path }) => [path, statSync(path).size]));
    return tests
      .map((test) => ({ ...test, duration: 1000 * secondsOf(test.path) }))
      .sort((a, b) => b.duration - a.duration || bytes.get(b.path) - bytes.get(a.path));
  }

  /** Nothing is remembered: the order is the same everywhere. */
  cacheResults() {}
}

function secondsOf(path) {
  const name = /\/dist\/test\/(.+)\.test\.js$/.exec(path)?.[1] ?? '';
  return LONG[name] ?? 1;
}

import { describe, expect, it } from '@jest/globals';
import type * as api from '../../../api/contract/status.js';
import type { Explained } from '../../../api/contract/explain.js';
import type { SeriesForecast } from '../../../api/contract/forecast.js';
import type { HeatMap } from '../../../api/contract/heat-map.js';
import type { History } from '../../../api/contract/history.js';
import type { Resources } from '../../../api/contract/outlook.js';
import type { PlanScoreView } from '../../../api/contract/plan-score.js';
import type { PlanView } from '../../../api/contract/plans.js';
import type { Placements, Residents, Servers } from '../../../api/contract/servers.js';
import type { Switches } from '../../../api/contract/switches.js';
import type { Problem } from '../../../api/problem.js';
import type * as read from '../../../console/frame/answers.js';
import type { PlanAnalysis } from '../../../core/plan.js';

/** Compiles only if every `Told` is also a `Read`. */
type Fits<Told extends Read, Read> = Told;

/* That the console reads what the API tells is settled by the compiler. */
type All = [
  Fits<api.Status, read.Status>,
  Fits<HeatMap, read.HeatMap>,
  Fits<SeriesForecast, read.SeriesForecast>,
  Fits<PlanView, read.Plan>,
  Fits<PlanAnalysis, read.Analysis>,
  Fits<PlanScoreView, read.PlanScore>,
  Fits<Switches, read.Switches>,
  Fits<History, read.History>,
  Fits<Resources, read.Resources>,
  Fits<Explained, read.Explained>,
  Fits<Placements, read.Placements>,
  Fits<Servers, read.Servers>,
  Fits<Residents, read.Residents>,
  Fits<Problem, read.Problem>,
];

describe('what the console reads', () => {
  it('is what the API tells', () => {
    const told: All['length'] = 14;
    expect(told).toBe(14);
  });
});

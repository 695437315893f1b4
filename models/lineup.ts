import { Analogs } from './analogs.js';
import { LastValue } from './last-value.js';
import { Level } from './level.js';
import type { Model, Shape } from './model.js';
import { Recent } from './recent.js';
import { Ridge } from './ridge.js';
import { SeasonalSlots } from './seasonal-slots.js';
import { SeasonalSmoothing } from './seasonal-smoothing.js';
import { usableSeasons } from './season.js';

export interface LineupOptions extends Shape {
  readonly stepMs: number;
  readonly seasonsMs: readonly number[];
}

/** The highest value is remembered for a day, or for so many horizons where a day is out of reach. */
const DAY_MS = 86_400_000;
const DAY_HORIZONS = 4;

/** The models that blend best, simplest first (docs/FORECASTING.md has what each adds). */
export function lineup({ stepMs, seasonsMs, ...shape }: LineupOptions): Model[] {
  const { horizonSteps, historySteps } = shape;
  const seasons = usableSeasons(seasonsMs, { stepMs, historySteps });
  const daySteps = Math.max(
    DAY_HORIZONS * horizonSteps,
    Math.min(Math.round(DAY_MS / stepMs), historySteps),
  );
  return [
    new Recent({ ...shape, daySteps }),
    new LastValue(shape),
    new Level(shape),
    ...seasons.flatMap((season) => [
      new SeasonalSlots({ ...shape, season }),
      new SeasonalSmoothing({ ...shape, season }),
    ]),
    new Ridge({ ...shape, seasons }),
    new Analogs(shape),
  ];
}

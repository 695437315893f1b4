import { describeModel } from '../../conformance/model.js';
import { DAY, HOUR } from '../../support/workloads.js';
import { SeasonalSmoothing } from '../../../models/seasonal-smoothing.js';

for (const season of [
  { name: '1h', steps: HOUR },
  { name: '1d', steps: DAY },
]) {
  describeModel(
    `SeasonalSmoothing, ${season.name}`,
    (shape) => new SeasonalSmoothing({ ...shape, season }),
  );
}

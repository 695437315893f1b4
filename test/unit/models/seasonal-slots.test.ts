import { describeModel } from '../../conformance/model.js';
import { DAY, HOUR } from '../../support/workloads.js';
import { SeasonalSlots } from '../../../models/seasonal-slots.js';

for (const season of [
  { name: '1h', steps: HOUR },
  { name: '1d', steps: DAY },
]) {
  describeModel(
    `SeasonalSlots, ${season.name}`,
    (shape) => new SeasonalSlots({ ...shape, season }),
  );
}

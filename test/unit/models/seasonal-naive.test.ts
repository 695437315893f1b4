import { describeModel } from '../../conformance/model.js';
import { DAY } from '../../support/workloads.js';
import { SeasonalNaive } from '../../../models/seasonal-naive.js';

const season = { name: '1d', steps: DAY };
describeModel('SeasonalNaive', (shape) => new SeasonalNaive({ ...shape, season }));

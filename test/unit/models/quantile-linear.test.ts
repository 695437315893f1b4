import { describeModel } from '../../conformance/model.js';
import { DAY, HOUR } from '../../support/workloads.js';
import { QuantileLinear } from '../../../models/quantile-linear.js';

const seasons = [
  { name: '1h', steps: HOUR },
  { name: '1d', steps: DAY },
];
describeModel('QuantileLinear', (shape) => new QuantileLinear({ ...shape, seasons }));

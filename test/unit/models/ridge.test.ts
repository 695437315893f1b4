import { describeModel } from '../../conformance/model.js';
import { DAY, HOUR } from '../../support/workloads.js';
import { Ridge } from '../../../models/ridge.js';

const seasons = [
  { name: '1h', steps: HOUR },
  { name: '1d', steps: DAY },
];
describeModel('Ridge', (shape) => new Ridge({ ...shape, seasons }));

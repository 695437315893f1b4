import { describeModel } from '../../conformance/model.js';
import { DAY } from '../../support/workloads.js';
import { HoltWinters } from '../../../models/holt-winters.js';

const season = { name: '1d', steps: DAY };
describeModel('HoltWinters', (shape) => new HoltWinters({ ...shape, season }));

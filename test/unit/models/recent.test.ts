import { describeModel } from '../../conformance/model.js';
import { DAY } from '../../support/workloads.js';
import { Recent } from '../../../models/recent.js';

describeModel('Recent', (shape) => new Recent({ ...shape, daySteps: DAY }), {
  skip: [{ test: 'refused', reason: 'one sample is enough, and with none nobody asks' }],
});

import { describeModel } from '../../conformance/model.js';
import { LastValue } from '../../../models/last-value.js';

describeModel('LastValue', (shape) => new LastValue(shape), {
  skip: [{ test: 'refused', reason: 'one sample is enough, and with none nobody asks' }],
});

import { describeModel } from '../../conformance/model.js';
import { Theta } from '../../../models/theta.js';

describeModel('Theta', (shape) => new Theta(shape));

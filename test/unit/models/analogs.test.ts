import { describeModel } from '../../conformance/model.js';
import { Analogs } from '../../../models/analogs.js';

describeModel('Analogs', (shape) => new Analogs(shape));

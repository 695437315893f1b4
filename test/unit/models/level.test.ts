import { describeModel } from '../../conformance/model.js';
import { Level } from '../../../models/level.js';

describeModel('Level', (shape) => new Level(shape));

import { describeModel } from './model.js';

describeModel(2, 2);

import { describeSeeds } from './seeds.js';

describeSeeds(131, 260);

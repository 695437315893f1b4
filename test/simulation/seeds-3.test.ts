import { describeSeeds } from './seeds.js';

describeSeeds(1001, 1500);

import { describeSeeds } from './seeds.js';

describeSeeds(1501, 2000);

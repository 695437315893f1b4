import { describeSeeds } from './seeds.js';

describeSeeds(31, 60);

import { describeSeeds } from './seeds.js';

describeSeeds(261, 390);

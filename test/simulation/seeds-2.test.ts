import { describeSeeds } from './seeds.js';

describeSeeds(501, 1000);

import { describeSeeds } from './seeds.js';

describeSeeds(61, 120);

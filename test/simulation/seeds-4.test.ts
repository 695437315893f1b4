import { describeSeeds } from './seeds.js';

describeSeeds(391, 520);

import { describeMutants } from './mutants/caught.js';

describeMutants(1, 2);

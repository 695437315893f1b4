import { describeMutants } from './mutants/caught.js';

describeMutants(2, 2);

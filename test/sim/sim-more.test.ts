import { testSeeds } from './batches.ts';

// The other half of the seeds; see sim.test.ts.

testSeeds(235, 9);

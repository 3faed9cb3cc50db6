import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { isQuickEpoch, kawPowVectors } from './kawpow-vectors.ts';
import { verifierConformance } from './verifier-conformance.ts';

verifierConformance(
  'the verifier pool',
  () => createVerifierPool({ threads: 2 }),
  kawPowVectors(isQuickEpoch),
);

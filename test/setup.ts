/** Property tests run on one seed, so that a run can be repeated: NODENS_SEED=2 npm test looks elsewhere. */
import * as fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['NODENS_SEED'] ?? 1) });

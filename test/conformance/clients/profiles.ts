import type { ClientProfile } from './profile.ts';
import { BZMINER } from './profiles/bzminer.ts';
import { GMINER } from './profiles/gminer.ts';
import { KAWPOW_METAL_MINER } from './profiles/kawpow-metal.ts';
import { KAWPOWMINER_AUTODETECT, KAWPOWMINER_TCP } from './profiles/kawpowminer.ts';
import { KPSS_CPU_MINER } from './profiles/kpss-miner.ts';
import { MINING_RIG_RENTALS } from './profiles/mining-rig-rentals.ts';
import { MINIZ } from './profiles/miniz.ts';
import { NANOMINER } from './profiles/nanominer.ts';
import { NBMINER } from './profiles/nbminer.ts';
import { NICEHASH } from './profiles/nicehash.ts';
import { RDNA3_KAWPOW_MINER } from './profiles/rdna3-kawpow-miner.ts';
import { RIGEL } from './profiles/rigel.ts';
import { SRBMINER } from './profiles/srbminer.ts';
import { T_REX } from './profiles/t-rex.ts';
import { TEAMREDMINER } from './profiles/teamredminer.ts';
import { TT_MINER } from './profiles/tt-miner.ts';
import { WILDRIG } from './profiles/wildrig.ts';
import { XMRIG_PLAIN } from './profiles/xmrig.ts';
import { XMRIG_NICEHASH } from './profiles/xmrig-nicehash.ts';

/** Every client that is tested, in the order of the documents. */
export const CLIENT_PROFILES: readonly ClientProfile[] = [
  KAWPOWMINER_TCP,
  KAWPOWMINER_AUTODETECT,
  XMRIG_PLAIN,
  XMRIG_NICEHASH,
  T_REX,
  GMINER,
  NBMINER,
  TEAMREDMINER,
  TT_MINER,
  RIGEL,
  SRBMINER,
  NANOMINER,
  BZMINER,
  WILDRIG,
  MINIZ,
  KAWPOW_METAL_MINER,
  RDNA3_KAWPOW_MINER,
  NICEHASH,
  MINING_RIG_RENTALS,
  KPSS_CPU_MINER,
];

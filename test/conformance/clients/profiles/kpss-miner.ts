import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { KPSS_MINER } from '../reader.ts';

/** KPSS’s own miner. */
export const KPSS_CPU_MINER: ClientProfile = {
  name: 'kpss mine',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["kpss"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 3,
  reader: KPSS_MINER,
};

import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** TT-Miner asks for changes of the extranonce, and reports a rate as a number. */
export const TT_MINER: ClientProfile = {
  name: 'TT-Miner',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["TT-Miner/2024.1.1"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
    { send: '{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n' },
    { id: 3, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 4,
  besides: [
    { send: '{"id":1000,"method":"mining.hashrate","params":[30000000,"rig1"]}\n' },
    { id: 1000, is: true },
  ],
  reader: STRICT,
};

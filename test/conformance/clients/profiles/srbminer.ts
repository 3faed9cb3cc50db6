import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** SRBMiner-MULTI reports its hashrate and expects an answer. */
export const SRBMINER: ClientProfile = {
  name: 'SRBMiner-MULTI',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["SRBMiner-MULTI/2.8.4"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 4,
  besides: [
    {
      send: '{"id":1000,"method":"eth_submitHashrate","params":["0x1c9c380","0x3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f"]}\n',
    },
    { id: 1000, is: true },
  ],
  reader: STRICT,
};

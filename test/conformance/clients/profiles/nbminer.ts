import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** NBMiner asks for changes of the extranonce before it logs in. */
export const NBMINER: ClientProfile = {
  name: 'NBMiner',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["NBMiner/42.3"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n' },
    { id: 3, is: true },
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

import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** TeamRedMiner reconnects when a call, its report of the hashrate too, has no answer for a minute. */
export const TEAMREDMINER: ClientProfile = {
  name: 'TeamRedMiner',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["TeamRedMiner/0.10.21"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
    { send: '{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n' },
    { id: 3, is: true },
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

import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** GMiner has a null among its parameters, and says which host it was told to connect to. */
export const GMINER: ClientProfile = {
  name: 'GMiner',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["GMiner/3.44",null,"127.0.0.1","3333"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 4,
  besides: [
    {
      send: '{"id":1000,"method":"eth_submitHashrate","params":["0x0000000000000000000000000000000000000000000000000000000001c9c380","0x3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f"]}\n',
    },
    { id: 1000, is: true },
  ],
  reader: STRICT,
};

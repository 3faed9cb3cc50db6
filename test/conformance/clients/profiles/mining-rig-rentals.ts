import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** MiningRigRentals hands on the renter’s password: d= is the difficulty, and other keys mean nothing here. */
export const MINING_RIG_RENTALS: ClientProfile = {
  name: 'MiningRigRentals',
  password: 'c=RVN,mc=RVN,d=0.0000001,n=rental',
  // Difficulty 1e-7, not the port’s 6e-8.
  firstTarget: /^009895/,
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["stratum-proxy/1.0"]}\n' },
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

import type { ClientProfile } from '../profile.ts';
import { RDNA3 } from '../reader.ts';

/** rdna3-kawpow-miner pipelines, has a null among its parameters, and writes hex without 0x; its report keeps the line alive. */
export const RDNA3_KAWPOW_MINER: ClientProfile = {
  name: 'rdna3-kawpow-miner',
  opening: [
    {
      send:
        '{"id":1,"method":"mining.subscribe","params":["rdna3-kawpow/0.1.0",null]}\n' +
        '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n',
    },
    { id: 1, is: 'subscribed' },
    { id: 2, is: true },
  ],
  share: '{"id":{id},"method":"mining.submit","params":["{user}","{job}","{nonce}","{header}","{mix}"]}\n',
  firstShareId: 4,
  besides: [
    { send: '{"id":9,"method":"eth_submitHashrate","params":["0x2aea540","0x0"]}\n' },
    { id: 9, is: true },
  ],
  reader: RDNA3,
};

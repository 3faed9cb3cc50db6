import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { KAWPOW_METAL } from '../reader.ts';

/** kawpow-metal names a protocol that is not spoken here, logs in after the first reply, and works by mining.set_target alone. */
export const KAWPOW_METAL_MINER: ClientProfile = {
  name: 'kawpow-metal',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["kawpow-metal/1.0","EthereumStratum/1.0.0"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 3,
  reader: KAWPOW_METAL,
};

import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** NiceHash’s proxy gives a time and a signature, and one byte of the nonce behind the prefix is its own. */
export const NICEHASH: ClientProfile = {
  name: 'NiceHash',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0","1732320000","5f0e6b1c9a"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
    { send: '{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n' },
    { id: 3, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 4,
  reader: STRICT,
};

import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** Of BzMiner nothing peculiar is known: the plain sequence. */
export const BZMINER: ClientProfile = {
  name: 'BzMiner',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["BzMiner-v24.0.1"]}\n' },
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

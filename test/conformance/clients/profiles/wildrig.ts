import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** Of WildRig Multi nothing peculiar is known: the plain sequence. */
export const WILDRIG: ClientProfile = {
  name: 'WildRig Multi',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["WildRig/0.44.0"]}\n' },
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

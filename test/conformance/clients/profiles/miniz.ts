import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** Of miniZ nothing peculiar is known: the plain sequence. */
export const MINIZ: ClientProfile = {
  name: 'miniZ',
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["miniZ/2.4e"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 4,
  reader: STRICT,
};

import type { ClientProfile } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** Rigel counts its ids from 0, and reads no JSON but the one that it expects. */
export const RIGEL: ClientProfile = {
  name: 'Rigel',
  opening: [
    { send: '{"id":0,"method":"mining.subscribe","params":["rigel/1.19.1",null]}\n' },
    { id: 0, is: 'subscribed' },
    { send: '{"id":1,"method":"mining.extranonce.subscribe","params":[]}\n' },
    { id: 1, is: true },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
  ],
  share:
    '{"id":{id},"method":"mining.submit","params":["{user}","{job}","0x{nonce}","0x{header}","0x{mix}"]}\n',
  firstShareId: 3,
  reader: STRICT,
};

import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { XMRIG } from '../reader.ts';

/** XMRig with --nicehash asks for changes of the extranonce as well. */
export const XMRIG_NICEHASH: ClientProfile = {
  name: 'XMRig (--nicehash)',
  opening: [
    {
      send:
        '{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.2.0"]}\n' +
        '{"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["{user}","{password}"]}\n' +
        '{"id":3,"jsonrpc":"2.0","method":"mining.extranonce.subscribe","params":[]}\n',
    },
    { id: 1, is: 'subscribed' },
    { id: 2, is: true },
    { id: 3, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 4,
  reader: XMRIG,
};

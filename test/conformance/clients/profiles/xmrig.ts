import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { XMRIG } from '../reader.ts';

/** XMRig sends login and subscription at once, in one segment, and takes a reply without an error for a success. */
export const XMRIG_PLAIN: ClientProfile = {
  name: 'XMRig',
  opening: [
    {
      send:
        '{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.2.0"]}\n' +
        '{"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["{user}","{password}"]}\n',
    },
    { id: 1, is: 'subscribed' },
    { id: 2, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 3,
  reader: XMRIG,
};

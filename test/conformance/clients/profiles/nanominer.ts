import { type ClientProfile, PREFIXED_SHARE } from '../profile.ts';
import { STRICT } from '../reader.ts';

/** The beginning of a TLS handshake: record type, version, length, ClientHello. */
const CLIENT_HELLO = Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03);

/** nanominer tries TLS first on whatever port it is given, and plain text when the connection ends. */
export const NANOMINER: ClientProfile = {
  name: 'nanominer',
  knocks: [[{ send: CLIENT_HELLO }, { is: 'closed' }]],
  opening: [
    { send: '{"id":1,"method":"mining.subscribe","params":["nanominer/3.9.1"]}\n' },
    { id: 1, is: 'subscribed' },
    { send: '{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}\n' },
    { id: 2, is: true },
  ],
  share: PREFIXED_SHARE,
  firstShareId: 3,
  reader: STRICT,
};

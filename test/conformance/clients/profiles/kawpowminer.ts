import type { ClientProfile } from '../profile.ts';
import { KAWPOWMINER } from '../reader.ts';

const LOGIN: ClientProfile['opening'] = [
  {
    send: '{"id":1,"method":"mining.subscribe","params":["kawpowminer/1.2.4+commit.632f6ea0"]}\n',
  },
  { id: 1, is: 'subscribed' },
  { send: '{"id":3,"method":"mining.authorize","params":["{user}","{password}"],"worker":"rig1"}\n' },
  { id: 3, is: true },
];

/** kawpowminer with stratum+tcp://, as it was seen on the wire: one id for all shares of a card, and an extra member. */
export const KAWPOWMINER_TCP: ClientProfile = {
  name: 'kawpowminer',
  password: 'X',
  opening: LOGIN,
  share:
    '{"id":{id},"method":"mining.submit","params":["{user}","{job}","0x{nonce}","0x{header}","0x{mix}"],"worker":"rig1"}\n',
  firstShareId: 40,
  reusesIds: true,
  besides: [
    {
      send: `{"id":9,"method":"eth_submitHashrate","params":["0x${'1c9c380'.padStart(32, '0')}","0x${'ab'.repeat(32)}"],"worker":"rig1"}\n`,
    },
    { id: 9, is: true },
    // What it says to a notification that it does not know; no answer is wanted.
    { send: '{"error":"Method not found","id":0}\n' },
  ],
  reader: KAWPOWMINER,
};

/** kawpowminer with stratum://: it tries three other dialects first, each on a connection of its own. */
export const KAWPOWMINER_AUTODETECT: ClientProfile = {
  ...KAWPOWMINER_TCP,
  name: 'kawpowminer (stratum://)',
  knocks: [
    [
      {
        send: '{"id":0,"method":"mining.hello","params":{"agent":"kawpowminer/1.2.4+commit.632f6ea0","host":"127.0.0.1","port":"d05","proto":"EthereumStratum/2.0.0"}}\n',
      },
      { id: 0, is: 'refused' },
    ],
    [
      {
        send: '{"id":1,"method":"mining.subscribe","params":["kawpowminer/1.2.4+commit.632f6ea0","EthereumStratum/1.0.0"]}\n',
      },
      { id: 1, is: 'subscribed' },
    ],
    [
      {
        send: '{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["{user}","{password}"],"worker":"rig1"}\n',
      },
      { id: 1, is: 'refused' },
    ],
  ],
};

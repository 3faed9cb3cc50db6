import { hexToBytes } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import type { NodeConfig } from '../config/types.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import { PROOFS_OF_WORK } from '../kawpow/params.ts';
import type { Clock, RandomSource } from '../mining/ports.ts';
import { type ConnectionEnd, P2pConnection } from '../node/p2p-connection.ts';

export type P2pAnswer =
  /** What the node calls itself. */
  { readonly ok: true; readonly userAgent: string } | { readonly ok: false; readonly end: ConnectionEnd };

/** A node answers in milliseconds, through a tunnel in a second. */
const HANDSHAKE_MS_MAX = 3_000;

/** Greets a node at its P2P port as a mining KPSS does, and hangs up. Never rejects. */
export function tryP2p(
  { host, port }: NonNullable<NodeConfig['p2p']>,
  { magicHex, proofOfWork }: Network,
  { clock, random }: { readonly clock: Clock; readonly random: RandomSource },
): Promise<P2pAnswer | undefined> {
  if (magicHex === undefined) return Promise.resolve(undefined);
  const pow = PROOFS_OF_WORK[proofOfWork];
  return new Promise((resolve) => {
    const end = (answer: P2pAnswer): void => {
      timer.cancel();
      resolve(answer);
      void connection.close();
    };
    const timer = clock.setTimer(HANDSHAKE_MS_MAX, () => end({ ok: false, end: { kind: 'no-answer' } }));
    const connection = new P2pConnection(
      { host, port, magic: hexToBytes(magicHex), userAgent: '/KPSS-doctor/' },
      {
        clock,
        random,
        hashOfHeader: ({ headerHash, nonce, mixHash }) => finalHash(headerHash, nonce, mixHash, pow),
      },
      {
        onOpen: (userAgent) => end({ ok: true, userAgent }),
        onTip() {},
        onReject() {},
        onEnd: (reason) => end({ ok: false, end: reason }),
      },
    );
  });
}

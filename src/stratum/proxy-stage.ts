import type { Socket } from 'node:net';
import type { Clock } from '../mining/ports.ts';
import { type ProxiedPeer, ProxyHeaderReader } from './proxy-protocol.ts';

/** What a trusted proxy said of a connection before anything else. */
export type Introduction =
  | { readonly kind: 'header'; readonly peer: ProxiedPeer | undefined }
  /** It said nothing about it, but went on with the connection itself. */
  | { readonly kind: 'none' }
  /** It is not to be worked with: what it began is no header, or it did not come in time. */
  | { readonly kind: 'refused'; readonly text: string };

export interface ProxyStageModules {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Once, with the socket paused and the bytes behind the header in it again; never when the proxy leaves before. */
  onDone(introduction: Introduction): void;
}

/** Reads the PROXY header from a socket of a trusted proxy that nobody reads yet. */
export function readProxyHeader(socket: Socket, { clock, timeoutMs, onDone }: ProxyStageModules): void {
  const reader = new ProxyHeaderReader();
  const finish = (introduction: Introduction, rest?: Uint8Array): void => {
    timer.cancel();
    socket.off('data', take);
    socket.off('close', leave);
    // Before the bytes go back, or they would come out at once, for nobody.
    socket.pause();
    if (rest !== undefined && rest.length > 0) socket.unshift(rest);
    onDone(introduction);
  };
  const leave = (): void => timer.cancel();
  const take = (chunk: Uint8Array): void => {
    const header = reader.push(chunk);
    if (header.kind === 'more') return;
    if (header.kind === 'malformed') finish({ kind: 'refused', text: header.text });
    else if (header.kind === 'none') finish({ kind: 'none' }, header.rest);
    else finish({ kind: 'header', peer: header.peer }, header.rest);
  };
  const timer = clock.setTimer(timeoutMs, () => finish({ kind: 'refused', text: 'nothing came' }));
  socket.on('data', take);
  socket.on('close', leave);
  socket.resume();
}

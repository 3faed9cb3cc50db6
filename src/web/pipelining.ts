import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Requests of one connection that wait for their answer. Browsers, curl and Prometheus wait for each answer before they
 * ask again, so that more than one is nobody's need.
 */
const UNANSWERED_MAX = 4;

/**
 * An HTTP server that closes a connection whose requests outrun its answers. Node.js parses 64 KiB of requests, some
 * 1,500 of them, in a turn of the event loop: answering each of 60 such connections held the mining up for a second.
 */
export function createPatientServer(options: ServerOptions, listener: RequestListener): Server {
  const unanswered = new WeakMap<Socket, number>();
  return createServer(options, (request, response) => {
    const { socket } = request;
    // The rest of what was parsed along with the request too many.
    if (socket.destroyed) return;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > UNANSWERED_MAX) {
      socket.destroy();
      return;
    }
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    listener(request, response);
  });
}

/**
 * @module
 * A reset that is safe at any time.
 */
import type { Socket } from "node:net";

/**
 * Resets the connection, so that nobody takes what was cut off for complete.
 *
 * A socket whose end is just being sent can't be reset: Node then takes it for closed, while it stays
 * open for ever and the process never ends (`reset EINVAL`, seen with Node 20). All of its bytes are on
 * their way, so that closing it says nothing wrong.
 */
export function resetSocket(socket: Socket): void {
  const isSendingItsEnd =
    socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isSendingItsEnd) socket.destroy();
  else socket.resetAndDestroy();
}

/**
 * Ports for servers that have to come back on the same one after a crash. They lie below the range from which the
 * system takes the ports of outgoing connections (32768 and up on Linux), where a thousand clients would sooner or
 * later sit on the port of a server that is just being restarted.
 */
import { createServer } from 'node:net';

const FIRST = 12_000;
const LAST = 31_999;

/** Somewhere else in each process, so that two test runs on one machine do not follow each other's steps. */
let next = FIRST + ((process.pid * 97) % (LAST - FIRST));

/** A port of the loopback interface that nobody listens on right now, and that is given out once. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried <= LAST - FIRST; tried++) {
    const port = next;
    next = next === LAST ? FIRST : next + 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`every port from ${FIRST} to ${LAST} is in use`);
}

/** The first of so many ports that follow each other. */
export async function freePorts(count: number): Promise<number> {
  for (let first = await freePort(), last = first; ; ) {
    if (last === first + count - 1) return first;
    const next = await freePort();
    if (next !== last + 1) first = next;
    last = next;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

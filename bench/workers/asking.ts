/**
 * A load of kept connections, each of which has come to the kind of worker that is wanted: one that keeps the object
 * itself, one that has to ask another, or whichever the system has chosen.
 */
import type { Socket } from 'bun';

export type Kind = 'own' | 'handed over' | 'any';

export interface Asking {
  /** Asks over all connections, each as soon as it has its answer. Gives how many answers came, and their median in µs. */
  ask(ms: number): Promise<{ readonly answers: number; readonly medianMicros: number }>;
  close(): void;
}

interface Line {
  heard: string;
  /** Bytes of the answer that are still to come, once its head is known. */
  left: number;
  /** The last bytes of a body in chunks: its end may come in two pieces. */
  tail: string;
  askedMs: number;
  answered: (head: string) => void;
}

/** Connections tried, at most, for one that is wanted. */
const triesForEach = 40;

export async function openAsking(url: string, kind: Kind, connections: number): Promise<Asking> {
  const { hostname, port, host, pathname } = new URL(url);
  const request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const lines: Socket<Line>[] = [];

  function send(socket: Socket<Line>): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.data.answered = resolve;
    socket.data.askedMs = performance.now();
    socket.write(request);
    return promise;
  }

  async function connect(): Promise<void> {
    const socket = await Bun.connect<Line>({
      hostname,
      port: Number(port),
      data: { heard: '', left: 0, tail: '', askedMs: 0, answered: () => {} },
      socket: { data: hear },
    });
    const head = await send(socket);
    const isHandedOver = /^cache-status: .*detail="?owner:/im.test(head);
    if (kind === 'any' || (kind === 'handed over') === isHandedOver) lines.push(socket);
    else socket.end();
  }

  for (let tries = 0; lines.length < connections; tries++) {
    if (tries > connections * triesForEach) throw new Error(`no connection is ${kind}`);
    await connect();
  }
  return {
    async ask(ms) {
      const times: number[] = [];
      const endMs = performance.now() + ms;
      const one = async (socket: Socket<Line>): Promise<void> => {
        while (performance.now() < endMs) {
          await send(socket);
          times.push(performance.now() - socket.data.askedMs);
        }
      };
      await Promise.all(lines.map(one));
      times.sort((a, b) => a - b);
      return { answers: times.length, medianMicros: (times[times.length >> 1] ?? 0) * 1000 };
    },
    close() {
      for (const socket of lines) socket.end();
    },
  };
}

const lastChunk = '\r\n0\r\n\r\n';

/** The answer has a length, or is in chunks: only one is under way, so what ends like the last chunk is the last chunk. */
function hear(socket: Socket<Line>, bytes: Buffer): void {
  const line = socket.data;
  if (line.left > 0) {
    line.left = line.left === Number.POSITIVE_INFINITY ? untilLast(line, bytes) : line.left - bytes.length;
  } else {
    line.heard += bytes.toString('latin1');
    const end = line.heard.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = /^content-length: (\d+)/im.exec(line.heard)?.[1];
    if (!line.heard.startsWith('HTTP/1.1 200')) throw new Error(`no answer: ${line.heard.slice(0, 200)}`);
    line.left = length === undefined ? untilLast(line, bytes) : end + 4 + Number(length) - line.heard.length;
  }
  if (line.left > 0) return;
  const head = line.heard;
  line.heard = '';
  line.answered(head);
}

function untilLast(line: Line, bytes: Buffer): number {
  const end = bytes.toString('latin1', Math.max(0, bytes.length - lastChunk.length));
  line.tail = (line.tail + end).slice(-lastChunk.length);
  if (line.tail !== lastChunk) return Number.POSITIVE_INFINITY;
  line.tail = '';
  return 0;
}

/**
 * Asks over a new TLS connection each time, as visitors do who come for the first time: what a server has to do for them is
 * mostly the handshake. A program of its own, so that its processor time is known:
 *
 *     bun handshakes.ts <url> <connections at once> <seconds> <length of the body>
 *
 * Prints one line of JSON: a `HandshakesReport`.
 */
import { percentile } from '../statistics.ts';

export interface HandshakesReport {
  readonly answers: number;
  readonly seconds: number;
  /** From the start of the connection to its end. */
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Processor time of the generator itself. */
  readonly ownMicros: number;
}

interface Visit {
  heard: number;
  head: string;
  done: (problem: string | null) => void;
}

/** Throws at the first answer that is not whole. */
async function handshakes(
  url: URL,
  connections: number,
  seconds: number,
  length: number,
): Promise<HandshakesReport> {
  const request = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`;
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1000;
  const times: number[] = [];

  async function visit(): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    await Bun.connect<Visit>({
      hostname: url.hostname,
      port: Number(url.port),
      tls: { rejectUnauthorized: false }, // The certificate is made for this run.
      data: { heard: 0, head: '', done: resolve },
      socket: {
        // Written once the handshake is over.
        handshake: (socket) => void socket.write(request),
        data(socket, bytes) {
          const { data } = socket;
          data.heard += bytes.length;
          if (data.head.indexOf('\r\n\r\n') === -1) data.head += bytes.toString('latin1');
          const end = data.head.indexOf('\r\n\r\n');
          if (end === -1 || data.heard < end + 4 + length) return;
          data.done(data.head.startsWith('HTTP/1.1 200') ? null : data.head.slice(0, 100));
          socket.end();
        },
        close: ({ data }) => data.done('it was closed'),
        error: ({ data }) => data.done('it broke'),
      },
    });
    return promise;
  }

  async function visitor(): Promise<void> {
    while (performance.now() < endMs) {
      const beganMs = performance.now();
      const problem = await visit();
      if (problem !== null) throw new Error(`no answer over a connection: ${problem}`);
      times.push((performance.now() - beganMs) * 1000);
    }
  }

  await Promise.all(Array.from({ length: connections }, visitor));
  const sorted = Float64Array.from(times).sort();
  const { user, system } = process.cpuUsage();
  return {
    answers: times.length,
    seconds: (performance.now() - startedMs) / 1000,
    p50Micros: percentile(sorted, 0.5),
    p99Micros: percentile(sorted, 0.99),
    ownMicros: user + system,
  };
}

if (import.meta.main) {
  const [url = '', connections, seconds, length] = process.argv.slice(2);
  const report = await handshakes(new URL(url), Number(connections), Number(seconds), Number(length));
  console.log(JSON.stringify(report));
  process.exit(0);
}

/**
 * One request over a connection of its own, with the time that each step of it took. Over plain sockets, because no client
 * tells these apart.
 */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../clock.ts';
import { parseServerTiming } from '../../http/server-timing.ts';

export interface Measurement {
  readonly status: number;
  /** Who answered: the last name in `Server-Timing`; `null` without one. */
  readonly pop: string | null;
  /** `null`: there was no name to look up. */
  readonly dnsMs: number | null;
  readonly connectMs: number;
  /** `null`: in the clear. */
  readonly tlsMs: number | null;
  /** From the request to the first byte of its answer. */
  readonly ttfbMs: number;
  /** From there to the last one. */
  readonly downloadMs: number;
  /** Of the body. */
  readonly bytes: number;
}

/** What is measured with fits in a few times over. */
const mostBytes = 64 * 2 ** 20;

/**
 * @param ca authorities to believe instead of the system's, as PEM.
 * @throws what keeps it from being measured.
 */
export async function measure(
  url: URL,
  clock: Clock,
  signal: AbortSignal,
  ca?: string,
): Promise<Measurement> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isSecure = url.protocol === 'https:';
  const port = Number(url.port || (isSecure ? 443 : 80));
  const beganMs = clock.elapsed();
  const address = isIP(host) === 0 ? (await within(signal, lookup(host))).address : host;
  const foundMs = clock.elapsed();
  const plain = connect({ host: address, port, noDelay: true });
  let socket: Socket = plain;
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop);
  try {
    await once(plain, 'connect', { signal });
    const connectedMs = clock.elapsed();
    if (isSecure) {
      socket = connectTls({
        socket: plain,
        ...(isIP(host) === 0 && { servername: host }),
        ...(ca && { ca }),
      });
      await once(socket, 'secureConnect', { signal });
    }
    const securedMs = clock.elapsed();
    socket.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nuser-agent: meridian-ping\r\nconnection: close\r\n\r\n`,
    );
    const { head, bytes, firstMs, lastMs } = await answerOn(socket, clock, signal);
    return {
      ...read(head),
      dnsMs: isIP(host) === 0 ? foundMs - beganMs : null,
      connectMs: connectedMs - foundMs,
      tlsMs: isSecure ? securedMs - connectedMs : null,
      ttfbMs: firstMs - securedMs,
      downloadMs: lastMs - firstMs,
      bytes,
    };
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
    plain.destroy();
  }
}

async function answerOn(socket: Socket, clock: Clock, signal: AbortSignal) {
  let [firstMs, lastMs, total] = [0, 0, 0];
  let head: Buffer = Buffer.alloc(0);
  let headBytes = -1;
  for await (const piece of socket) {
    lastMs = clock.elapsed();
    if (firstMs === 0) firstMs = lastMs;
    total += piece.length;
    if (total > mostBytes) throw new Error(`it sends more than ${mostBytes} bytes`);
    if (headBytes !== -1) continue;
    head = Buffer.concat([head, piece]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) continue;
    headBytes = end + 4;
    head = head.subarray(0, end);
  }
  signal.throwIfAborted();
  if (headBytes === -1) throw new Error('it sends nothing that is an answer');
  return { head: head.toString('latin1'), bytes: total - headBytes, firstMs, lastMs };
}

function read(head: string): Pick<Measurement, 'status' | 'pop'> {
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0);
  if (status === 0) throw new Error('it does not speak HTTP');
  const timing = /^server-timing: *(.*)$/im.exec(head)?.[1];
  return { status, pop: timing === undefined ? null : (parseServerTiming(timing).at(-1)?.name ?? null) };
}

async function within<Value>(signal: AbortSignal, task: Promise<Value>): Promise<Value> {
  const aborted = once(signal, 'abort').then(() => signal.throwIfAborted());
  return (await Promise.race([task, aborted])) as Value;
}

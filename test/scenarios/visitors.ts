/**
 * Steady load as browsers make it: each client keeps a connection to one of the addresses that a PoP has, changes the address
 * now and then, and compares the digest of every body. A connection that cannot be made, or that breaks or falls silent before
 * the answer is whole, is counted, and the request goes once more, to the next address. What fails then has failed.
 */
import { connect, type Socket } from 'node:net';
import { type Message, readMessage } from '../support/message.ts';
import { readSocket } from '../support/socket-reader.ts';
import { within } from '../support/wait.ts';

export interface Visit {
  readonly path: string;
  /** SHA-256 of the right body, in hex. */
  readonly digest: string;
}

export interface Address {
  readonly address: string;
  readonly port: number;
}

export interface VisitReport {
  readonly requests: number;
  /** Bodies of status 200 with other bytes than they should have. */
  readonly wrong: readonly string[];
  /** Requests without a right answer in the end, in words. */
  readonly failed: readonly string[];
  /** Connections that broke, or fell silent, while a request was under way on them. */
  readonly broken: number;
  /** Connections that could not be made. */
  readonly refused: number;
  readonly slowestMs: number;
}

export interface Visitors {
  /** Requests that have an answer, right or not. */
  answered(): number;
  /** When the oldest request under way was begun, `performance.now()`. */
  oldestMs(): number;
  /** Gives what happened since the last time it was asked. */
  report(): VisitReport;
  /** Lets requests under way end. */
  stop(): Promise<VisitReport>;
}

/** A client takes another address after so many requests. */
const requestsPerConnection = 20;
const connectWithinMs = 1_500;
/** For a whole answer: whoever sits before a page has gone somewhere else by then. */
const answerWithinMs = 10_000;

interface Connection {
  readonly socket: Socket;
  ask(path: string): Promise<Message | null>;
}

/** @param pops the addresses of each PoP; clients take turns with them. */
export function sendVisitors(
  pops: readonly (readonly Address[])[],
  next: () => Visit,
  clients: number,
): Visitors {
  let isOver = false;
  let answered = 0;
  const began = Array.from({ length: clients }, () => performance.now());
  const fresh = () => ({
    requests: 0,
    wrong: [] as string[],
    failed: [] as string[],
    broken: 0,
    refused: 0,
    slowestMs: 0,
  });
  let counts = fresh();

  async function visit(client: number): Promise<void> {
    const addresses = pops[client % pops.length] ?? [];
    let turn = client;
    let connection: Connection | null = null;
    let left = 0;
    const leave = () => {
      connection?.socket.destroy();
      connection = null;
    };

    async function attempt(path: string): Promise<Message | null> {
      if (connection === null) {
        left = requestsPerConnection;
        connection = await open(addresses[turn++ % addresses.length]);
        if (connection === null) {
          counts.refused++;
          return null;
        }
      }
      const message = await connection.ask(path);
      if (message?.whole && --left > 0) return message;
      leave();
      if (message?.whole) return message;
      counts.broken++;
      return null;
    }

    while (!isOver) {
      const { path, digest } = next();
      const startedMs = performance.now();
      began[client] = startedMs;
      const message = (await attempt(path)) ?? (await attempt(path));
      counts.requests++;
      answered++;
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedMs);
      const what = message && judge(message, digest);
      if (message === null) counts.failed.push(`${path}: no answer`);
      else if (what === 'wrong') counts.wrong.push(path);
      else if (what !== 'right') counts.failed.push(`${path}: ${what}`);
    }
    leave();
  }

  function report(): VisitReport {
    const before = counts;
    counts = fresh();
    return before;
  }

  const all = Promise.all(Array.from({ length: clients }, (_, client) => visit(client)));
  return {
    answered: () => answered,
    oldestMs: () => Math.min(...began),
    report,
    async stop() {
      isOver = true;
      await all;
      return report();
    },
  };
}

export function digestOf(body: string | Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(body).digest('hex');
}

function judge({ start, headers, body }: Message, digest: string): string {
  if (!start.startsWith('HTTP/1.1 200')) return `${start}, ${headers.get('cache-status')}`;
  return digestOf(body) === digest ? 'right' : 'wrong';
}

async function open(to: Address | undefined): Promise<Connection | null> {
  const socket = connect({ host: to?.address ?? '', port: to?.port ?? 0, noDelay: true });
  const made = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    setTimeout(() => resolve(false), connectWithinMs).unref();
  });
  if (!(await made)) {
    socket.destroy();
    return null;
  }
  const reader = readSocket(socket);
  const host = `${to?.address}:${to?.port}`;
  return {
    socket,
    async ask(path) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: pop.example\r\n\r\n`);
      try {
        const reading = readMessage(reader, { response: true });
        return await within(answerWithinMs, `an answer of ${host} to ${path}`, reading);
      } catch {
        return null; // silence for too long is one more way to have no answer: the caller counts it
      }
    },
  };
}

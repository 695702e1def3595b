/**
 * Reads HTTP/1.1 as fast as a program can: heads are looked at, bodies are thrown away by the system without being
 * copied. So a body of a gibibyte, or five hundred of them at once, cost the reader a fraction of what they cost the
 * server. A program of its own, so that it can be given a core of its own:
 *
 *     bun sink.ts <port> <file with one path a line, in the order in which they are asked for> <options as JSON>
 *
 * A closed loop: each connection asks for the next path as soon as it has its answer. The list is gone through again
 * and again until the time is over, or once if no time is given. Prints one line of JSON: a `SinkReport`.
 */
import { readFileSync } from 'node:fs';
import { GIB, readPath } from '../objects.ts';
import { percentile } from '../statistics.ts';
import { connectTo, discard, pollOf, receive, send } from './libc.ts';

export interface SinkOptions {
  readonly connections: number;
  /** How long it asks. Without it: for each path once. */
  readonly seconds?: number;
  /** Value of the `Accept` field. Without it: none is sent. */
  readonly accept?: string;
  /** Value of the `Authorization` field, likewise. */
  readonly authorization?: string;
}

export interface SinkReport {
  readonly answers: number;
  /** Of bodies. */
  readonly bytes: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** From the request to the first byte of the answer's body. */
  readonly firstByteMs: { readonly p50: number; readonly last: number };
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly worstMicros: number;
  /** Processor time of the generator itself, from its start to now. */
  readonly ownMicros: number;
  /** What went wrong, and how often: another status, another length than the path says, a connection that broke. */
  readonly failures: Readonly<Record<string, number>>;
}

/** What the system may hold for each of many connections: see `test/scenarios/receive-buffer.ts`. */
const CROWD = { connections: 100, receiveBufferBytes: 256 * 1024 };
/** Nothing that comes later than this is waited for: so long in all, and so long for each path and each GiB of a list. */
const PATIENCE_MS = 60_000;
const PATIENCE_EACH_MS = 4;
const PATIENCE_PER_GIB_MS = 5_000;
/** Latencies kept at most: the memory of the generator must not decide what it measures. */
const MAX_TIMES = 4_000_000;
const HEAD_END = '\r\n\r\n';

interface Connection {
  readonly descriptor: number;
  state: 'idle' | 'head' | 'sized' | 'chunk-line' | 'chunk' | 'chunk-end';
  /** Of the head or a chunk's line, as far as it has come. */
  line: string;
  /** Bytes that are left of the body, or of the chunk. */
  left: number;
  received: number;
  expected: number;
  askedAt: number;
}

const buffer = new Uint8Array(16 * 1024);
const text = Buffer.from(buffer.buffer);

function sink(
  port: number,
  paths: readonly string[],
  { connections, seconds, accept, authorization }: SinkOptions,
): SinkReport {
  const said = Object.entries({ Accept: accept, Authorization: authorization }).filter(
    ([, value]) => value !== undefined,
  );
  const fields = [['Host', `127.0.0.1:${port}`], ...said].map(([name, value]) => `${name}: ${value}\r\n`);
  const requests = paths.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\n${fields.join('')}\r\n`));
  const lengths = paths.map(expectedBytes);
  const failures: Record<string, number> = {};
  const times: number[] = [];
  const firstBytes: number[] = [];
  let [next, answers, bytes, open] = [0, 0, 0, 0];

  const receiveBuffer = connections > CROWD.connections ? CROWD.receiveBufferBytes : null;
  const all = Array.from({ length: connections }, (): Connection => {
    const descriptor = connectTo(port, receiveBuffer);
    return { descriptor, state: 'idle', line: '', left: 0, received: 0, expected: 0, askedAt: 0 };
  });
  const poll = pollOf(all.map(({ descriptor }) => descriptor));
  const startedAt = performance.now();
  const endsAt = seconds === undefined ? Number.POSITIVE_INFINITY : startedAt + seconds * 1000;
  let endedAt = startedAt;

  function ask(one: Connection): void {
    const over = seconds === undefined ? next >= requests.length : performance.now() >= endsAt;
    one.state = over ? 'idle' : 'head';
    if (over) return;
    const index = next++ % requests.length;
    Object.assign(one, {
      line: '',
      left: 0,
      received: 0,
      expected: lengths[index],
      askedAt: performance.now(),
    });
    open++;
    send(one.descriptor, requests[index] ?? buffer);
  }

  function fail(one: Connection, why: string): void {
    failures[why] = (failures[why] ?? 0) + 1;
    one.state = 'idle'; // It is not used again: what else comes on it belongs to nobody.
    open--;
  }

  function took(one: Connection, count: number): void {
    if (count > 0 && one.received === 0 && firstBytes.length < MAX_TIMES) {
      firstBytes.push(performance.now() - one.askedAt);
    }
    one.received += count;
    one.left -= count;
    bytes += count;
  }

  function finish(one: Connection): void {
    if (one.received !== one.expected)
      return void fail(one, `a body of ${one.received} bytes instead of ${one.expected}`);
    endedAt = performance.now();
    answers++;
    if (times.length < MAX_TIMES) times.push((endedAt - one.askedAt) * 1000);
    open--;
    ask(one);
  }

  /** Looks at what has come, which is framing, and perhaps some of a body behind it (RFC 9112 §6, §7.1). */
  function read(one: Connection, count: number): void {
    for (let at = 0; at < count; ) {
      if (one.state === 'idle') return;
      if (one.state === 'sized' || one.state === 'chunk') {
        const piece = Math.min(one.left, count - at);
        took(one, piece);
        at += piece;
        if (one.left === 0) endOfPiece(one);
        continue;
      }
      const mark = one.state === 'head' ? HEAD_END : '\r\n';
      const before = one.line.length;
      one.line += text.toString('latin1', at, count);
      const end = one.line.indexOf(mark);
      if (end < 0) return;
      at += end + mark.length - before;
      const line = one.line.slice(0, end);
      one.line = '';
      if (one.state === 'head') readHead(one, line);
      else readChunkLine(one, line);
    }
  }

  function readHead(one: Connection, head: string): void {
    if (!head.startsWith('HTTP/1.1 200')) return void fail(one, head.slice(0, head.indexOf('\r\n')));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    one.state = length === undefined ? 'chunk-line' : 'sized';
    one.left = Number(length ?? 0);
    if (length === undefined && !/\r\ntransfer-encoding: *chunked/i.test(head)) fail(one, 'no framing');
    else if (length === '0') finish(one);
  }

  function readChunkLine(one: Connection, line: string): void {
    if (line === '') {
      // The end of a chunk, or of the trailer.
      if (one.state === 'chunk-end') finish(one);
      return;
    }
    one.left = Number.parseInt(line, 16);
    one.state = one.left === 0 ? 'chunk-end' : 'chunk';
  }

  function endOfPiece(one: Connection): void {
    if (one.state === 'sized') finish(one);
    else one.state = 'chunk-line';
  }

  function take(place: number): void {
    const one = all[place];
    if (!one || one.state === 'idle') return void poll.forget(place);
    const inBody = (one.state === 'sized' || one.state === 'chunk') && one.left > 0;
    const count = inBody ? discard(one.descriptor, one.left) : receive(one.descriptor, buffer);
    if (count <= 0) {
      fail(one, 'a connection that broke');
    } else if (inBody) {
      took(one, count);
      if (one.left === 0) endOfPiece(one);
    } else {
      read(one, count);
    }
  }

  for (const one of all) ask(one);
  const givesUpAt =
    Math.min(endsAt, startedAt) +
    PATIENCE_MS +
    (seconds === undefined ? patienceFor(lengths) : seconds * 1000);
  while (open > 0 && performance.now() < givesUpAt) poll.wait(1000, take);
  if (open > 0) failures['no whole answer in time'] = open;

  const sorted = Float64Array.from(times).sort();
  firstBytes.sort((a, b) => a - b);
  return {
    answers,
    bytes,
    seconds: (endedAt - startedAt) / 1000,
    firstByteMs: { p50: percentile(firstBytes, 0.5), last: firstBytes.at(-1) ?? Number.NaN },
    p50Micros: percentile(sorted, 0.5),
    p99Micros: percentile(sorted, 0.99),
    worstMicros: sorted.at(-1) ?? Number.NaN,
    ownMicros: process.cpuUsage().user + process.cpuUsage().system,
    failures,
  };
}

function patienceFor(lengths: readonly number[]): number {
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  return lengths.length * PATIENCE_EACH_MS + (bytes / GIB) * PATIENCE_PER_GIB_MS;
}

/** As the path of an object says, or, where paths mean something else, the query: `?bytes=1000`. */
function expectedBytes(target: string): number {
  const [path = '', query = ''] = target.split('?', 2);
  return readPath(path)?.bytes ?? Number(new URLSearchParams(query).get('bytes') ?? -1);
}

if (import.meta.main) {
  const [port = '', file = '', options = ''] = process.argv.slice(2);
  const paths = readFileSync(file, 'utf8').trimEnd().split('\n');
  console.log(JSON.stringify(sink(Number(port), paths, JSON.parse(options))));
}

/**
 * A crowd in a process of its own: so many clients that ask for the same thing at the same moment, each on its own
 * connection, and compare every byte that they get with what it should be. Bare sockets, because on a small machine
 * the crowd must not cost more than the server that it asks.
 *
 *     bun crowd.ts <url>[,<url> …] <number of clients> <file with the expected body> [<path> <file>] …
 *
 * Several addresses, which differ in host and port, get as many clients each. What is named by its path comes after the first, one by one,
 * each client beginning with another one, as the layers of an image come after its manifest. Prints a line when all requests are sent, and
 * one line of JSON at the end: a `CrowdReport`.
 */
import { setReceiveBuffer } from './receive-buffer.ts';

export interface CrowdReport {
  readonly clients: number;
  /** Clients that got everything whole, every byte as expected. */
  readonly right: number;
  /** What the others saw, and how many of them. */
  readonly wrong: Readonly<Record<string, number>>;
  /** From the first request to a client's first byte of the first body, milliseconds. */
  readonly firstByteMs: { readonly median: number; readonly last: number };
  /** … to the last byte that any client got. */
  readonly doneMs: number;
}

interface Client {
  /** Head, or the line before a chunk, as far as it has arrived. */
  line: string;
  state: 'head' | 'sized' | 'chunk-line' | 'chunk' | 'over';
  /** Bytes that are left of the chunk. */
  left: number;
  /** Bytes of the body so far. */
  received: number;
  verdict: string | null;
  readonly puller: Puller;
  readonly expected: Buffer;
}

/** One of the crowd: all that it asks for. */
interface Puller {
  readonly url: URL;
  /** What it has not asked for yet. */
  readonly left: Wanted[];
  verdict: string | null;
}

interface Wanted {
  readonly path: string;
  readonly expected: Buffer;
}

/** What the system may hold of a body for one client. */
const receiveBufferBytes = 256 * 1024;
/** Connections that are being made at the same time: more than a server lets wait would be made again a second later. */
const connectingAtOnce = 250;
/** Whoever has not got everything after so long is counted as wrong. */
const patienceMs = 300_000;

async function crowd(
  urls: readonly URL[],
  count: number,
  [first, ...others]: readonly Wanted[],
): Promise<CrowdReport> {
  const [firstUrl] = urls;
  if (firstUrl === undefined || first === undefined) throw new Error('a crowd needs an address');
  const firstBytes: number[] = [];
  const verdicts: string[] = [];
  const done = Promise.withResolvers<void>();
  let startedMs = 0;

  const decide = (client: Client, verdict: string) => {
    if (client.verdict !== null) return;
    client.verdict = verdict;
    const { puller } = client;
    const next = verdict === 'right' ? puller.left.shift() : undefined;
    if (next === undefined) end(puller, verdict);
    else
      join(puller, next).then(
        (socket) => ask(socket, puller.url.host, next),
        () => end(puller, 'connection error'),
      );
  };

  const end = (puller: Puller, verdict: string) => {
    if (puller.verdict !== null) return;
    puller.verdict = verdict;
    if (verdicts.push(verdict) === count) done.resolve();
  };

  const compare = (client: Client, body: Buffer) => {
    if (body.length === 0) return;
    const { expected, received } = client;
    if (received === 0 && expected === first.expected) firstBytes.push(performance.now() - startedMs);
    const end = received + body.length;
    if (expected.compare(body, 0, body.length, received, end) !== 0) decide(client, 'other bytes');
    client.received = end;
  };

  const receive = (client: Client, bytes: Buffer) => {
    read(client, bytes, compare);
    const isWhole = client.received === client.expected.length && client.state !== 'chunk';
    if (client.state === 'over' || (client.state === 'sized' && isWhole)) {
      decide(client, isWhole ? 'right' : 'another length');
    }
  };

  const join = (puller: Puller, { expected }: Wanted) =>
    Bun.connect<Client>({
      hostname: puller.url.hostname,
      port: Number(puller.url.port),
      data: { line: '', state: 'head', left: 0, received: 0, verdict: null, puller, expected },
      socket: {
        data: (socket, bytes) => receive(socket.data, bytes),
        close: ({ data }) =>
          decide(data, data.state === 'head' ? `answer: ${data.line.slice(0, 40)}` : 'cut off'),
        error: ({ data }) => decide(data, 'connection error'),
      },
    });
  const ask = (socket: Bun.Socket<Client>, host: string, { path }: Wanted) => {
    setReceiveBuffer(socket, receiveBufferBytes);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nConnection: close\r\n\r\n`);
  };
  const pullers = Array.from({ length: count }, (_, at): Puller => {
    const turn = others.length === 0 ? 0 : at % others.length;
    const left = [...others.slice(turn), ...others.slice(0, turn)];
    return { url: urls[at % urls.length] ?? firstUrl, left, verdict: null };
  });
  const sockets: Bun.Socket<Client>[] = [];
  for (let at = 0; at < count; at += connectingAtOnce)
    sockets.push(
      ...(await Promise.all(pullers.slice(at, at + connectingAtOnce).map((each) => join(each, first)))),
    );
  startedMs = performance.now();
  for (const socket of sockets) ask(socket, firstUrl.host, first);
  console.log('all sent');
  await Promise.race([done.promise, Bun.sleep(patienceMs)]);
  const doneMs = performance.now() - startedMs;
  for (const puller of pullers) end(puller, 'nothing more came');

  const wrong: Record<string, number> = {};
  for (const verdict of verdicts) if (verdict !== 'right') wrong[verdict] = (wrong[verdict] ?? 0) + 1;
  firstBytes.sort((a, b) => a - b);
  return {
    clients: count,
    right: verdicts.filter((verdict) => verdict === 'right').length,
    wrong,
    firstByteMs: { median: firstBytes[firstBytes.length >> 1] ?? -1, last: firstBytes.at(-1) ?? -1 },
    doneMs,
  };
}

/** Takes the framing off (RFC 9112 §6): a body of known length, or in chunks. Anything but a 200 stays in the head. */
function read(client: Client, bytes: Buffer, body: (client: Client, piece: Buffer) => void): void {
  for (let at = 0; at < bytes.length; ) {
    switch (client.state) {
      case 'head':
        at = readLine(client, bytes, at, '\r\n\r\n', (head) => {
          if (head.startsWith('HTTP/1.1 200')) client.state = /chunked/i.test(head) ? 'chunk-line' : 'sized';
        });
        break;
      case 'sized':
        body(client, bytes.subarray(at));
        return;
      case 'chunk-line':
        at = readLine(client, bytes, at, '\r\n', (line) => {
          // Each chunk ends with an empty line of its own.
          if (line === '') return;
          client.left = Number.parseInt(line, 16);
          client.state = client.left === 0 ? 'over' : 'chunk';
        });
        break;
      case 'chunk': {
        const piece = bytes.subarray(at, at + client.left);
        body(client, piece);
        at += piece.length;
        client.left -= piece.length;
        if (client.left === 0) client.state = 'chunk-line';
        break;
      }
      case 'over':
        return;
    }
  }
}

/** Gathers a line, which may come in several pieces; gives where the rest begins. */
function readLine(
  client: Client,
  bytes: Buffer,
  from: number,
  mark: string,
  done: (line: string) => void,
): number {
  const before = client.line.length;
  const longest = 16 * 1024;
  client.line += bytes.toString('latin1', from, Math.min(bytes.length, from + longest));
  const end = client.line.indexOf(mark);
  if (end === -1) return bytes.length;
  const line = client.line.slice(0, end);
  client.line = '';
  done(line);
  if (client.state === 'head') client.line = line;
  return from + end + mark.length - before;
}

if (import.meta.main) {
  const [list = '', count = '', file = '', ...others] = process.argv.slice(2);
  const urls = list.split(',').map((url) => new URL(url));
  const objects: Wanted[] = [];
  for (let words = [urls[0]?.pathname ?? '', file, ...others]; words.length > 1; words = words.slice(2))
    objects.push({
      path: words[0] ?? '',
      expected: Buffer.from(await Bun.file(words[1] ?? '').arrayBuffer()),
    });
  console.log(JSON.stringify(await crowd(urls, Number(count), objects)));
  process.exit(0);
}

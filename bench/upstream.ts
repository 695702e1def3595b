/**
 * The server behind all caches under test. It gives what they may keep for an hour, and counts what it was
 * asked for: a cache that is measured for its hits must not have asked again.
 */

export interface Body {
  readonly label: string;
  readonly bytes: number;
  readonly path: string;
}

export const bodies: readonly Body[] = [
  { label: '1 KiB', bytes: 1024, path: '/objects/1KiB.bin' },
  { label: '100 KiB', bytes: 100 * 1024, path: '/objects/100KiB.bin' },
  { label: '1 MiB', bytes: 1024 * 1024, path: '/objects/1MiB.bin' },
];

export interface Upstream {
  /** Absolute URL without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Requests since the start. */
  requests(): number;
  stop(): Promise<void>;
}

export function startUpstream(): Upstream {
  let requests = 0;
  const answers = new Map(bodies.map((body) => [body.path, answer(body)]));
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    fetch(request) {
      requests += 1;
      return (
        answers.get(new URL(request.url).pathname)?.() ?? new Response('no such object', { status: 404 })
      );
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    requests: () => requests,
    stop: () => server.stop(true),
  };
}

/** What every peer has to give byte for byte. Does not compress, and is the same in every run. */
export function bytesOf(body: Body): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(body.bytes);
  let state = 0x9e3779b9 ^ body.bytes;
  for (let index = 0; index < bytes.length; index++) {
    state ^= state << 13; // xorshift32 (Marsaglia, 2003)
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}

/** The fields that a file server usually sends. */
export function fieldsOf(body: Body): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'cache-control': 'public, max-age=3600',
    etag: `"${Bun.hash(bytesOf(body)).toString(16)}"`,
    'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT',
  };
}

/** Makes the same answer again and again: from memory, with nothing to work out. */
export function answer(body: Body): () => Response {
  const bytes = bytesOf(body);
  const headers = fieldsOf(body);
  return () => new Response(bytes, { headers });
}

/**
 * The server behind all caches under test, as a program of its own on the load generator's core. It gives what they
 * may keep for an hour, and counts what it was asked for: a cache that is measured for its hits must not have asked
 * again, and one that a crowd waits for must have asked once.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CoreSet } from './machine.ts';
import { bytesAt, FILE_BYTES, fieldsOf, readPath } from './objects.ts';
import { freePort, startPinned } from './process.ts';
import type { Scratch } from './scratch.ts';

const COUNT_PATH = '/count';

export interface Upstream {
  /** Absolute URL without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** The process whose time on the load generator's core is the upstream's. */
  readonly pid: number;
  /** Requests for objects since the start. */
  requests(): Promise<number>;
  /** Of the bodies that it was asked for. */
  bytes(): Promise<number>;
}

export async function startUpstream(scratch: Scratch, core: CoreSet): Promise<Upstream> {
  const directory = scratch.directory('upstream');
  const port = await freePort();
  const child = startPinned(core, directory, [process.execPath, import.meta.path, String(port), directory]);
  scratch.atEnd(() => child.stop());
  const url = `http://127.0.0.1:${port}`;
  const count = async () => (await (await fetch(url + COUNT_PATH)).json()) as Count;
  await child.until(count);
  return {
    url,
    port,
    pid: child.pid,
    requests: async () => (await count()).requests,
    bytes: async () => (await count()).bytes,
  };
}

interface Count {
  readonly requests: number;
  readonly bytes: number;
}

/** The server itself: this file again, as a program of its own. */
function serve(port: number, directory: string): void {
  let [requests, bytes] = [0, 0];
  Bun.serve({
    hostname: '127.0.0.1',
    port,
    development: false,
    // None of the servers is to find that a connection it has kept was closed a moment ago.
    idleTimeout: 255,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === COUNT_PATH) return Response.json({ requests, bytes });
      const known = readPath(pathname);
      // A node looks now and then whether its parent is there, also while another server is measured: that is no request.
      if (!known) return new Response('no such object', { status: 404 });
      requests += 1;
      bytes += known.bytes;
      const headers = fieldsOf(pathname, known.tag);
      if (known.bytes < FILE_BYTES) return new Response(bytesAt(pathname, known.bytes), { headers });
      return new Response(fileOf(directory, pathname, known.bytes), { headers });
    },
  });
}

/** A long object as a file in memory, which the system sends by itself. */
function fileOf(directory: string, path: string, bytes: number): Bun.BunFile {
  const file = join(directory, `${bytes}.bin`);
  if (!existsSync(file)) writeFileSync(file, bytesAt(path, bytes));
  return Bun.file(file);
}

if (import.meta.main) {
  const [port, directory = ''] = process.argv.slice(2);
  serve(Number(port), directory);
}

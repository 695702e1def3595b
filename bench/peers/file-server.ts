/**
 * The same answers from a bare `Bun.serve`: what the PoP answers to a client that comes by this address is kept in a `Map`,
 * and given again as it is. Nothing that has to find out what to answer can be faster, so what is left of the time
 * of an install is the client's own.
 */
import { plainly, type RegistryPeer } from '../npm/registries.ts';
import { freePort, startPinned } from '../process.ts';
import type { Running } from './peer.ts';

/** Asks this server first for what nobody has asked it for. */
export function fileServer(model: () => Running | undefined): RegistryPeer {
  return {
    name: 'files',
    label: 'bare file server',
    software: 'Bun',
    against: ['verdaccio'],
    commands: ['taskset'],
    version: async () => Bun.version,
    async start({ scratch, cores }) {
      const address = model()?.on['http/1.1'];
      if (typeof address !== 'string') throw new Error('there is no Meridian to copy the answers of');
      const port = await freePort();
      const child = startPinned(cores.server, scratch.directory('files'), [
        ...[process.execPath, import.meta.path, String(port), address],
      ]);
      scratch.atEnd(() => child.stop());
      await child.until(() => fetch(`http://127.0.0.1:${port}/-/ping`));
      return { pids: [child.pid], on: plainly(port), isHit: () => true, token: null };
    },
  };
}

/** What makes another answer of a path, and whose address links in it lead to. */
const ASKED_WITH = ['accept', 'accept-encoding', 'host'] as const;
/** Of one connection, not of the answer. */
const OF_A_HOP = ['connection', 'date', 'keep-alive', 'transfer-encoding', 'content-length'] as const;

function serve(port: number, model: string): void {
  const kept = new Map<string, () => Response>();
  Bun.serve({
    hostname: '127.0.0.1',
    port,
    development: false,
    idleTimeout: 255,
    async fetch(request) {
      const { url, headers } = request;
      const path = url.slice(url.indexOf('/', 8));
      const key = `${path} ${headers.get('accept')} ${headers.get('accept-encoding')}`;
      const known = kept.get(key);
      if (known) return known();
      const asked = new Headers();
      for (const name of ASKED_WITH) asked.set(name, headers.get(name) ?? '');
      const answer = await fetch(model + path, { headers: asked, decompress: false });
      const [body, fields] = [await answer.bytes(), new Headers(answer.headers)];
      for (const name of OF_A_HOP) fields.delete(name);
      const give = () => new Response(body, { status: answer.status, headers: fields });
      if (answer.ok) kept.set(key, give);
      return give();
    },
  });
}

if (import.meta.main) {
  const [port, model = ''] = process.argv.slice(2);
  serve(Number(port), model);
}

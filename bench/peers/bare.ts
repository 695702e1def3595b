/**
 * The ceiling: `Bun.serve` that answers with a constant from memory, without a cache, a lookup or a log.
 * Nothing that runs on Bun can be faster, so the distance to it is what Meridian itself costs.
 */
import { bytesAt, fieldsOf, readPath } from '../objects.ts';
import { freePort, startPinned } from '../process.ts';
import { addresses, ask, firstPath, type Peer } from './peer.ts';

export const bare: Peer = {
  name: 'bare',
  label: 'Bun.serve, constant',
  software: 'Bun',
  against: ['nginx', 'nginx-guide', 'varnish'],
  commands: ['taskset'],
  version: async () => Bun.version,

  async start(stage) {
    const { scratch, certificate, cores, bodies } = stage;
    const [plain, secure] = [await freePort(), await freePort()];
    const child = startPinned(cores.server, scratch.directory('bare'), [
      ...[process.execPath, import.meta.path, String(plain), String(secure)],
      ...[certificate.cert, certificate.key, ...bodies.map(({ path }) => path)],
    ]);
    scratch.atEnd(() => child.stop());

    const on = addresses(plain, secure);
    await child.until(() => ask(on.h2, firstPath(stage), 'h2'));
    return { pids: [child.pid], on, isHit: () => true };
  },
};

/** The server itself: this file again, as a program of its own. */
function serve(plainPort: number, securePort: number, cert: string, key: string, paths: string[]): void {
  const answers = new Map(paths.map((path) => [path, answer(path)]));
  const common = {
    hostname: '127.0.0.1',
    development: false,
    fetch(request: Request): Response {
      const { url } = request;
      return (
        answers.get(url.slice(url.indexOf('/', 8)))?.() ?? new Response('no such object', { status: 404 })
      );
    },
  };
  Bun.serve({ ...common, port: plainPort });
  Bun.serve({ ...common, port: securePort, http2: true, tls: { cert: Bun.file(cert), key: Bun.file(key) } });
}

/** Makes the same answer again and again: from memory, with nothing to work out. */
function answer(path: string): () => Response {
  const { bytes = 0, tag = null } = readPath(path) ?? {};
  const body = bytesAt(path, bytes);
  const headers = fieldsOf(path, tag);
  return () => new Response(body, { headers });
}

if (import.meta.main) {
  const [plainPort, securePort, cert = '', key = '', ...paths] = process.argv.slice(2);
  serve(Number(plainPort), Number(securePort), cert, key, paths);
}

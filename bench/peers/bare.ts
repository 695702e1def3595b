/**
 * The ceiling: `Bun.serve` that answers with a constant from memory, without a cache, a lookup or a log.
 * Nothing that runs on Bun can be faster, so the distance to it is what Meridian itself costs.
 */
import { freePort, startPinned } from '../process.ts';
import { answer, bodies } from '../upstream.ts';
import { ask, type Peer } from './peer.ts';

const FIRST = bodies[0]?.path ?? '/';

export const bare: Peer = {
  name: 'bare',
  label: 'Bun.serve, constant',
  software: 'Bun',
  against: ['nginx', 'nginx-guide', 'varnish'],
  commands: ['taskset'],
  version: async () => Bun.version,

  async start({ scratch, certificate, cores }) {
    const [plain, secure] = [await freePort(), await freePort()];
    const child = startPinned(cores.server, scratch.directory('bare'), [
      ...[process.execPath, import.meta.path, String(plain), String(secure)],
      ...[certificate.cert, certificate.key],
    ]);
    scratch.atEnd(() => child.stop());

    const on = { 'http/1.1': `http://127.0.0.1:${plain}`, h2: `https://127.0.0.1:${secure}` };
    await child.until(() => ask(on.h2, FIRST, 'h2'));
    return { pid: child.pid, on, isHit: () => true };
  },
};

/** The server itself: this file again, as a program of its own. */
function serve(plainPort: number, securePort: number, cert: string, key: string): void {
  const answers = new Map(bodies.map((body) => [body.path, answer(body)]));
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

if (import.meta.main) {
  const [plainPort, securePort, cert = '', key = ''] = process.argv.slice(2);
  serve(Number(plainPort), Number(securePort), cert, key);
}

/**
 * A Meridian network as its own command starts it: an origin, which is asked on a miss only, and a PoP. The PoP
 * is what is measured, with its whole pipeline as configured by default; the one difference between the two
 * rows is whether it writes its access log.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseList } from 'structured-headers';
import { version } from '../../package.json';
import { freePort, startPinned } from '../process.ts';
import { bodies } from '../upstream.ts';
import { ask, type Peer, type Stage } from './peer.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/meridian.mjs');

export const meridian = peer('meridian', 'Meridian PoP', false);
export const meridianLogging = peer('meridian-logging', 'Meridian PoP, access log', true);

function peer(name: string, label: string, log: boolean): Peer {
  return {
    name,
    label,
    software: 'Meridian',
    against: log ? ['nginx-logging', 'varnish-logging'] : ['nginx', 'nginx-guide', 'varnish'],
    commands: ['taskset'],
    version: async () => `${version} on Bun ${Bun.version}`,

    async start(stage) {
      const directory = stage.scratch.directory(name);
      const ports = { origin: await freePort(), plain: await freePort(), secure: await freePort() };
      const accessLog = log ? join(directory, 'access.log') : undefined;
      const configPath = join(directory, 'meridian.config.ts');
      writeFileSync(configPath, config(stage, directory, ports, accessLog));

      const node = (as: string) => {
        const child = startPinned(stage.cores.server, stage.scratch.directory(`${name}-${as}`), [
          ...['node', COMMAND, 'serve', '--as', as, '--config', configPath],
        ]);
        stage.scratch.atEnd(() => child.stop());
        return child;
      };
      const [first = { path: '/' }] = bodies;
      await node('origin').until(() => fetch(`http://127.0.0.1:${ports.origin}/`));
      const pop = node('pop');
      const on = { 'http/1.1': `http://127.0.0.1:${ports.plain}`, h2: `https://127.0.0.1:${ports.secure}` };
      await pop.until(() => ask(on.h2, first.path, 'h2'));

      return { pid: pop.pid, on, isHit: (headers) => isHit(headers), ...(accessLog && { accessLog }) };
    },
  };
}

interface Ports {
  readonly origin: number;
  readonly plain: number;
  readonly secure: number;
}

function config(stage: Stage, directory: string, ports: Ports, accessLog: string | undefined): string {
  const network = {
    name: 'bench',
    secret: randomBytes(32).toString('hex'),
    dataDir: join(directory, 'data'),
    nodes: {
      origin: { role: 'origin', listen: [{ port: ports.origin }], accessLog: { format: 'off' } },
      pop: {
        role: 'pop',
        listen: [{ port: ports.plain }, { port: ports.secure, tls: stage.certificate }],
        parents: ['origin'],
        accessLog: accessLog ? { format: 'json', path: accessLog } : { format: 'off' },
      },
    },
  };
  return `import { defineNetwork, web } from ${JSON.stringify(join(ROOT, 'src/index.ts'))};

export default defineNetwork({
  ...${JSON.stringify(network, undefined, 2)},
  routes: [web({ upstream: ${JSON.stringify(stage.upstream.url)} })],
});
`;
}

/** RFC 9211 §2: the last member is the cache nearest to the client, which is the PoP. */
export function isHit(headers: Headers): boolean {
  const [, parameters] = parseList(headers.get('cache-status') ?? '').at(-1) ?? [];
  return parameters?.get('hit') === true;
}

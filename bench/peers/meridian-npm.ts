/**
 * A Meridian network as a registry: a PoP, and the origin behind it that pulls and keeps packages. Both work on the server's
 * core, and the time and memory of both count. Everything but the access log, and how long documents are fresh, is at its default.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { version } from '../../package.json';
import { FRESH_SECONDS, plainly, type RegistryPeer, SCOPE } from '../npm/registries.ts';
import { freePort, startPinned } from '../process.ts';
import { isHit } from './meridian.ts';
import { makeToken } from './meridian-control.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/meridian.mjs');

export const meridianNpm: RegistryPeer = {
  name: 'meridian',
  label: 'Meridian',
  software: 'Meridian',
  against: ['verdaccio'],
  commands: ['taskset'],
  version: async () => `${version} on Bun ${Bun.version}`,

  async start({ scratch, cores, upstream, keep }) {
    const directory = scratch.directory('meridian', keep.filesOn);
    const [originPort, port] = [await freePort(), await freePort()];
    const secret = randomBytes(32).toString('hex');
    const configPath = join(directory, 'meridian.config.ts');
    writeFileSync(configPath, config({ directory, secret, originPort, port, upstream: upstream.url }));
    const node = (as: string) => {
      const child = startPinned(cores.server, scratch.directory(`meridian-${as}`), [
        ...['node', COMMAND, 'serve', '--as', as, '--config', configPath],
      ]);
      scratch.atEnd(() => child.stop());
      return child;
    };
    const origin = node('origin');
    await origin.until(() => fetch(`http://127.0.0.1:${originPort}/`));
    const pop = node('pop');
    await pop.until(() => fetch(`http://127.0.0.1:${port}/-/ping`));
    return {
      pids: [pop.pid, origin.pid],
      on: plainly(port),
      isHit,
      token: await makeToken(join(directory, 'data/origin'), secret, {
        ...{ actions: ['read', 'publish'], routes: ['npm'], subjects: [`${SCOPE}/*`] },
      }),
      files: directory,
    };
  },
};

interface Where {
  readonly directory: string;
  readonly secret: string;
  readonly originPort: number;
  readonly port: number;
  readonly upstream: string;
}

function config({ directory, secret, originPort, port, upstream }: Where): string {
  const accessLog = { format: 'off' };
  const network = {
    name: 'bench',
    secret,
    dataDir: join(directory, 'data'),
    nodes: {
      origin: { role: 'origin', listen: [{ port: originPort }], store: {}, accessLog },
      pop: { role: 'pop', listen: [{ port }], parents: ['origin'], workers: 1, accessLog },
    },
  };
  const route = {
    upstreams: [{ url: upstream }],
    hosted: { scopes: [SCOPE], access: 'public' },
    metadata: { freshS: FRESH_SECONDS },
  };
  return `import { defineNetwork, npm } from ${JSON.stringify(join(ROOT, 'src/index.ts'))};

export default defineNetwork({
  ...${JSON.stringify(network, undefined, 2)},
  routes: [npm(${JSON.stringify(route, undefined, 2)})],
});
`;
}

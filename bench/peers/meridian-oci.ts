/**
 * A Meridian network in front of a registry for containers: a PoP, and the origin behind it. Both work on the server's core, and the time
 * and memory of both count. Everything but the access log, and how long a tag is fresh, is at its default.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { version } from '../../package.json';
import { FRESH_SECONDS, plainly } from '../npm/registries.ts';
import { freePort, startPinned } from '../process.ts';
import { isHit } from './meridian.ts';
import type { Keep, Peer } from './peer.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/meridian.mjs');

export const meridianOci: Peer = {
  name: 'meridian',
  label: 'Meridian',
  software: 'Meridian',
  against: ['docker-registry'],
  commands: ['taskset'],
  version: async () => `${version} on Bun ${Bun.version}`,

  async start({ scratch, cores, upstream, keep }) {
    const directory = scratch.directory('meridian-oci', keep.filesOn);
    const [originPort, port] = [await freePort(), await freePort()];
    const configPath = join(directory, 'meridian.config.ts');
    writeFileSync(configPath, configOf({ directory, originPort, port, upstream: upstream.url, keep }));
    const node = (as: string) => {
      const child = startPinned(cores.server, scratch.directory(`meridian-oci-${as}`), [
        ...['node', COMMAND, 'serve', '--as', as, '--config', configPath],
      ]);
      scratch.atEnd(() => child.stop());
      return child;
    };
    const origin = node('origin');
    await origin.until(() => fetch(`http://127.0.0.1:${originPort}/`));
    const pop = node('pop');
    await pop.until(() => fetch(`http://127.0.0.1:${port}/v2/`));
    return { pids: [pop.pid, origin.pid], on: plainly(port), isHit, files: directory };
  },
};

interface Where {
  readonly directory: string;
  readonly originPort: number;
  readonly port: number;
  readonly upstream: string;
  readonly keep: Keep;
}

function configOf({ directory, originPort, port, upstream, keep }: Where): string {
  const accessLog = { format: 'off' };
  const { diskBytes } = keep;
  const disk = diskBytes === undefined ? {} : { disk: { bytes: diskBytes, objectBytes: diskBytes } };
  const network = {
    name: 'bench',
    secret: randomBytes(32).toString('hex'),
    dataDir: join(directory, 'data'),
    nodes: {
      origin: { role: 'origin', listen: [{ port: originPort }], workers: 1, accessLog, ...disk },
      pop: { role: 'pop', listen: [{ port }], parents: ['origin'], workers: 1, accessLog, ...disk },
    },
  };
  const route = {
    sources: [{ name: 'bench.example', url: upstream }],
    mirrors: 'bench.example',
    metadata: { freshS: FRESH_SECONDS },
  };
  return `import { defineNetwork, oci } from ${JSON.stringify(join(ROOT, 'src/index.ts'))};

export default defineNetwork({
  ...${JSON.stringify(network, undefined, 2)},
  routes: [oci(${JSON.stringify(route, undefined, 2)})],
});
`;
}

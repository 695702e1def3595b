/**
 * Debian's `docker-registry` (distribution 2.8) as a pull-through cache: files where the run wants them, descriptors in memory, which its
 * documentation advises where there is no Redis, and no log of requests. See https://distribution.github.io/distribution/recipes/mirror/.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainly } from '../npm/registries.ts';
import { capture, freePort, startPinned } from '../process.ts';
import type { Peer } from './peer.ts';

export const dockerRegistry: Peer = {
  name: 'docker-registry',
  label: 'docker-registry, proxy',
  software: 'docker-registry',
  against: [],
  commands: ['taskset', 'docker-registry'],
  version: async () =>
    /(\d+\.\d+\.\d+\S*)/.exec(await capture('docker-registry', '--version'))?.[1] ?? 'unknown',

  async start({ scratch, cores, upstream, keep }) {
    const directory = scratch.directory('docker-registry', keep.filesOn);
    const port = await freePort();
    const configPath = join(directory, 'config.yml');
    writeFileSync(configPath, JSON.stringify(configOf(join(directory, 'data'), port, upstream.url))); // JSON is YAML
    const child = startPinned(cores.server, directory, ['docker-registry', 'serve', configPath]);
    scratch.atEnd(() => child.stop());
    const on = plainly(port);
    await child.until(() => fetch(`http://127.0.0.1:${port}/v2/`));
    return { pids: [child.pid], on, isHit: () => true, files: directory };
  },
};

const configOf = (data: string, port: number, remoteurl: string) => ({
  version: 0.1,
  log: { accesslog: { disabled: true }, level: 'error' },
  storage: {
    cache: { blobdescriptor: 'inmemory' },
    filesystem: { rootdirectory: data },
    maintenance: { uploadpurging: { enabled: false } },
  },
  http: { addr: `127.0.0.1:${port}` },
  proxy: { remoteurl },
});

/** Debian's `docker-registry`, on loopback: the upstream that images are pulled through from. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, startDaemon } from './daemon.ts';

/** Why there is none, or `null`. */
export const dockerRegistryProblem: string | null =
  Bun.which('docker-registry') === null ? 'docker-registry is not installed' : null;

export function startDockerRegistry(): Promise<Daemon> {
  return startDaemon('docker-registry', (port, folder) => {
    const config = {
      version: 0.1,
      log: { accesslog: { disabled: false }, level: 'info' },
      storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}` },
    };
    const file = join(folder, 'config.yml');
    writeFileSync(file, JSON.stringify(config)); // which is YAML, too
    return ['docker-registry', 'serve', file];
  });
}

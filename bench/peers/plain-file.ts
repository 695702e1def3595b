/** NGINX with a folder of layers, and nothing else to do than to hand them to the system (`sendfile`): how fast a line is here. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainly } from '../npm/registries.ts';
import { nobodyAsks, type OciPeer } from '../oci/registries.ts';
import { capture, freePort, startPinned } from '../process.ts';

/** @param layers where they are, each under its digest. */
export function plainFile(layers: () => string): OciPeer {
  return {
    name: 'file',
    label: 'NGINX, plain file',
    software: 'NGINX',
    against: [],
    commands: ['nginx', 'taskset'],
    version: async () => (await capture('nginx', '-v')).replace(/^.*\//, '').trim(),

    async start({ scratch, cores }) {
      const directory = scratch.directory('plain-file');
      const port = await freePort();
      const configPath = join(directory, 'nginx.conf');
      writeFileSync(configPath, configOf(directory, layers(), port));
      const child = startPinned(cores.server, directory, [
        ...['nginx', '-p', directory, '-c', configPath, '-e', join(directory, 'error.log')],
      ]);
      scratch.atEnd(() => child.stop());
      await child.until(() => fetch(`http://127.0.0.1:${port}/`));
      return {
        ...{ pids: [child.pid], on: plainly(port), isHit: () => true },
        ...{ credential: nobodyAsks, forget: null },
      };
    },
  };
}

function configOf(directory: string, layers: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // As root, NGINX would give its worker to another user, who may not read the directory.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${user}
daemon off;
pid ${directory}/nginx.pid;
worker_processes 1;
events { worker_connections 4096; multi_accept on; }
http {
  ${temporary.map((what) => `${what}_temp_path ${directory}/${what};`).join('\n  ')}
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_timeout 1h;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / { root ${directory}; }
    location ~ ^/v2/.*/blobs/([^/]+)$ { alias ${layers}/$1; }
  }
}
`;
}

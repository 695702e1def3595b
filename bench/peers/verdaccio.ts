/**
 * Verdaccio with what its documentation advises for production: `NODE_ENV=production`, JSON logs of warnings only, no web
 * pages, tokens that are verified without looking up an account (JWT), passwords with bcrypt, no proxy for private packages,
 * connections to the upstream kept open, tarballs of upstreams kept.
 * See https://verdaccio.org/docs/best and https://verdaccio.org/docs/configuration.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installVerdaccio } from '../npm/install.ts';
import { FRESH_SECONDS, plainly, type RegistryPeer, SCOPE } from '../npm/registries.ts';
import { capture, freePort, startPinned } from '../process.ts';
import type { NotServed } from './peer.ts';

export interface VerdaccioPeer extends RegistryPeer {
  /** Installs it, when that has not been done. Says why it cannot take part. */
  prepare(): Promise<NotServed | null>;
}

export const verdaccio: VerdaccioPeer = {
  name: 'verdaccio',
  label: 'Verdaccio',
  software: 'Verdaccio',
  against: [],
  commands: ['taskset'],
  async prepare() {
    const installed = await installVerdaccio();
    return 'because' in installed ? installed : null;
  },
  async version() {
    const { node, verdaccio: program } = await programs();
    const [own, runtime] = [await capture(node, program, '--version'), await capture(node, '--version')];
    return `${own.trim()} on Node.js ${runtime.trim()}`;
  },

  async start({ scratch, cores, upstream, keep }) {
    const { node, verdaccio: program } = await programs();
    const directory = scratch.directory('verdaccio', keep.filesOn);
    const port = await freePort();
    const configPath = join(directory, 'config.yaml');
    writeFileSync(configPath, config(directory, upstream.url));
    const child = startPinned(cores.server, directory, [
      ...['env', 'NODE_ENV=production', node, program],
      ...['--config', configPath, '--listen', `127.0.0.1:${port}`],
    ]);
    scratch.atEnd(() => child.stop());
    const on = plainly(port);
    const url = `http://127.0.0.1:${port}`;
    await child.until(() => answered(`${url}/-/ping`));
    return { pids: [child.pid], on, isHit: () => true, token: await addUser(url), files: directory };
  },
};

async function programs() {
  const installed = await installVerdaccio();
  if ('because' in installed) throw new Error(installed.because);
  return installed;
}

async function answered(url: string): Promise<void> {
  const response = await fetch(url);
  await response.bytes();
  if (!response.ok) throw new Error(`status ${response.status}`);
}

/** As `npm adduser` does. */
async function addUser(url: string): Promise<string> {
  const response = await fetch(`${url}/-/user/org.couchdb.user:bench`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', password: 'not a secret: of one run' }),
  });
  const { token } = (await response.json()) as { token?: string };
  if (!token) throw new Error(`no token: status ${response.status}`);
  return token;
}

const config = (directory: string, upstream: string) => `
storage: ${directory}/storage
auth:
  htpasswd:
    file: ${directory}/htpasswd
    algorithm: bcrypt
uplinks:
  upstream:
    url: ${upstream}/
    maxage: ${FRESH_SECONDS}s
    timeout: 60s
    cache: true
    agent_options:
      keepAlive: true
      maxSockets: 40
      maxFreeSockets: 10
packages:
  '${SCOPE}/*':
    access: $all
    publish: $authenticated
    unpublish: $authenticated
  '**':
    access: $all
    publish: $authenticated
    proxy: upstream
security:
  api:
    legacy: false
    jwt:
      sign:
        expiresIn: 29d
web:
  enabled: false
server:
  keepAliveTimeout: 60
max_body_size: 100mb
middlewares:
  audit:
    enabled: true
log:
  type: stdout
  format: json
  level: warn
`;

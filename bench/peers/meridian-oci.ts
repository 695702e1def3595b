/**
 * A Meridian network for container images: a PoP, and the origin behind it, which pulls from another registry or is one itself. Everything but
 * the access log, and how long a tag is fresh, is at its default.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { version } from '../../package.json';
import { FRESH_SECONDS, plainly } from '../npm/registries.ts';
import { nobodyAsks, type OciPeer, type OciRunning, type Part, REPOSITORY } from '../oci/registries.ts';
import { freePort, startPinned } from '../process.ts';
import { isHit } from './meridian.ts';
import { makeToken, purgeByTag, USER } from './meridian-control.ts';
import type { Keep, Stage } from './peer.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/meridian.mjs');

/** `beside`: the origin works on the server's core, and its time and memory count. `apart`: it has another one, as it has another machine. */
export type OriginAt = 'beside' | 'apart';

export function meridianOci(part: Part, originAt: OriginAt): OciPeer {
  const isApart = originAt === 'apart';
  const name = isApart ? 'meridian-pop' : 'meridian';
  return {
    name,
    label: isApart ? 'Meridian PoP' : 'Meridian PoP and origin, one core',
    software: 'Meridian',
    against: ['docker-registry', 'file'],
    commands: ['taskset'],
    version: async () => `${version} on Bun ${Bun.version}`,
    start: (stage) => start(stage, part, name, isApart),
  };
}

async function start(stage: Stage, part: Part, name: string, isApart: boolean): Promise<OciRunning> {
  const { scratch, cores, upstream, keep } = stage;
  const directory = scratch.directory(name, keep.filesOn);
  const [originPort, port] = [await freePort(), await freePort()];
  const secret = randomBytes(32).toString('hex');
  const configPath = join(directory, 'meridian.config.ts');
  const where = { directory, secret, originPort, port, upstream: upstream.url, keep };
  writeFileSync(configPath, configOf(where, part));
  const node = (as: 'origin' | 'pop', core: Stage['cores']['server']) => {
    const child = startPinned(core, scratch.directory(`${name}-${as}`), [
      ...['node', COMMAND, 'serve', '--as', as, '--config', configPath],
    ]);
    scratch.atEnd(() => child.stop());
    return child;
  };
  const origin = node('origin', isApart ? cores.load : cores.server);
  await origin.until(() => fetch(`http://127.0.0.1:${originPort}/`));
  const pop = node('pop', cores.server);
  const base = `http://127.0.0.1:${port}`;
  await pop.until(() => fetch(`${base}/v2/`));
  const running = {
    ...{ on: plainly(port), isHit, files: directory },
    ...(isApart ? { pids: [pop.pid], beside: [origin.pid] } : { pids: [pop.pid, origin.pid] }),
  };
  const data = join(directory, 'data');
  if (part === 'pulled') return { ...running, credential: nobodyAsks, forget: null };
  const right = { actions: ['read', 'publish'], routes: ['oci'], subjects: [REPOSITORY] };
  const token = await makeToken(join(data, 'origin'), secret, right);
  return {
    ...running,
    credential: async (action) => (action === 'pull' && part === 'hosted' ? null : ticketFor(base, token)),
    forget: () => purgeByTag(data, secret, `oci:${REPOSITORY}`),
  };
}

/** As clients of containers get one. */
async function ticketFor(base: string, token: string): Promise<string> {
  const scope = encodeURIComponent(`repository:${REPOSITORY}:pull,push`);
  const authorization = `Basic ${Buffer.from(`${USER}:${token}`).toString('base64')}`;
  const response = await fetch(`${base}/v2/token?scope=${scope}`, { headers: { authorization } });
  const answer = (await response.json()) as { readonly token?: string };
  if (answer.token === undefined) throw new Error(`no token: status ${response.status}`);
  return `Bearer ${answer.token}`;
}

interface Where {
  readonly directory: string;
  readonly secret: string;
  readonly originPort: number;
  readonly port: number;
  readonly upstream: string;
  readonly keep: Keep;
}

function configOf({ directory, secret, originPort, port, upstream, keep }: Where, part: Part): string {
  const accessLog = { format: 'off' };
  const { diskBytes } = keep;
  const disk = diskBytes === undefined ? {} : { disk: { bytes: diskBytes, objectBytes: diskBytes } };
  const store = part === 'pulled' ? {} : { store: {} };
  const network = {
    ...{ name: 'bench', secret, dataDir: join(directory, 'data') },
    nodes: {
      origin: { role: 'origin', listen: [{ port: originPort }], workers: 1, accessLog, ...disk, ...store },
      pop: { role: 'pop', listen: [{ port }], parents: ['origin'], workers: 1, accessLog, ...disk },
    },
  };
  const route = {
    metadata: { freshS: FRESH_SECONDS },
    ...(part === 'pulled'
      ? { sources: [{ name: 'bench.example', url: upstream }], mirrors: 'bench.example' }
      : { hosted: { names: [REPOSITORY], public: part === 'hosted' ? [REPOSITORY] : [] } }),
  };
  return `import { defineNetwork, oci } from ${JSON.stringify(join(ROOT, 'src/index.ts'))};

export default defineNetwork({
  ...${JSON.stringify(network, undefined, 2)},
  routes: [oci(${JSON.stringify(route, undefined, 2)})],
});
`;
}

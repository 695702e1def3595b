/**
 * A network with a route for gems before a real repository of them, and the real `gem` and Bundler, each run as on a new machine: in a home of its
 * own, with nothing known but a source.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { rubygems } from '../../src/index.ts';
import { tokenFor } from './access.ts';
import { buildGem, type GemRepository, type GemSketch, startGemRepository } from './gem-repository.ts';
import { startNetwork, type TestNetwork } from './network.ts';
import { temporary } from './temporary.ts';
import { within } from './wait.ts';

export interface Ran {
  readonly code: number;
  /** Both streams: what a user would see. */
  readonly output: string;
}

const everything: Right = {
  actions: ['read', 'publish', 'delete', 'admin'],
  routes: ['rubygems'],
  subjects: ['*'],
};

export const md5 = (text: string) => new Bun.CryptoHasher('md5').update(text).digest('hex');

/** Runs a program to its end, whatever that is. */
export async function runIn(
  command: readonly string[],
  home: string,
  cwd = home,
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  mkdirSync(home, { recursive: true });
  const own = { GEM_HOME: join(home, 'gems'), GEM_SPEC_CACHE: join(home, 'specs') };
  const bundler = { BUNDLE_USER_HOME: join(home, 'bundle'), BUNDLE_PATH: join(home, 'vendor') };
  const quiet = { BUNDLE_SILENCE_ROOT_WARNING: '1', BUNDLE_RETRY: '0', BUNDLE_JOBS: '2' };
  const child = Bun.spawn([...command], {
    ...{ cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    env: { PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8', ...own, ...bundler, ...quiet, ...more },
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(30_000, command.join(' '), all);
  return { code, output: stdout + stderr };
}

/** What it said. Fails where it fails. */
export async function succeeds(...args: Parameters<typeof runIn>): Promise<string> {
  const { code, output } = await runIn(...args);
  if (code !== 0) throw new Error(`${args[0].join(' ')} ended with ${code}:\n${output}`);
  return output;
}

/** Nothing of it is there before `start`. */
export function gemWorld() {
  const folder = temporary('rubygems');
  let upstream: GemRepository | null = null;
  let network: TestNetwork | null = null;
  let token = '';
  let homes = 0;

  const there = <Part>(part: Part | null): Part => {
    if (part === null) throw new Error('the world has not been started');
    return part;
  };
  const base = (pop = 'near') => `${there(network).url(pop)}/rubygems`;
  const newHome = () => join(folder.path, `home-${homes++}`);
  const told = async (path: string, pop = 'near') => (await fetch(base(pop) + path)).text();

  return {
    ...{ folder: folder.path, base, newHome, told },
    get upstream() {
      return there(upstream);
    },
    get network() {
      return there(network);
    },
    /** Of somebody who may do everything. */
    get token() {
      return token;
    },
    async start(): Promise<void> {
      upstream = await startGemRepository();
      await upstream.publish({ name: 'leaf', version: '1.0.0' }, '2026-01-01T00:00:00Z');
      await upstream.publish({ name: 'leaf', version: '1.2.0' });
      await upstream.publish({ name: 'trunk', version: '2.0', dependencies: { leaf: '~> 1.0, >= 1.0.0' } });
      await upstream.publish({ name: 'acme-ui', version: '9.9.9' });
      network = await startNetwork({
        nodes: {
          origin: { role: 'origin', store: {} },
          shield: { role: 'shield', parents: ['origin'] },
          near: { role: 'pop', parents: ['shield'] },
          far: { role: 'pop', parents: ['shield'] },
        },
        routes: [
          rubygems({
            upstreams: [{ url: upstream.url }],
            hosted: { names: ['acme-*', 'secret-*'], public: ['acme-*'] },
            metadata: { freshS: '1s' },
          }),
        ],
      });
      token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
    },
    async stop(): Promise<void> {
      await network?.stop();
      await upstream?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
    /** What `/versions` says of a gem last. */
    async lastLine(name: string, pop = 'near'): Promise<string> {
      const lines = (await told('/versions', pop)).split('\n');
      return lines.findLast((line) => line.startsWith(`${name} `)) ?? '';
    },
    async push(sketch: GemSketch, key = token, pop = 'near'): Promise<Ran> {
      const gem = await buildGem(join(folder.path, 'own'), sketch);
      const home = newHome();
      return runIn(['gem', 'push', gem, '--host', base(pop)], home, home, { GEM_HOST_API_KEY: key });
    },
    /** `gem install` from one source alone. */
    install(name: string, home: string, pop = 'near'): Promise<Ran> {
      const plainly = ['--no-document', '--clear-sources', '--source', `${base(pop)}/`];
      return runIn(['gem', 'install', name, ...plainly], home);
    },
    /** A folder with a Gemfile. @param gems as it writes them: `'rack', '~> 3'`. */
    project(gems: readonly string[], source = `${base()}/`): string {
      const where = join(folder.path, `project-${homes++}`);
      mkdirSync(where, { recursive: true });
      const lines = gems.map((gem) => `gem ${gem}\n`).join('');
      writeFileSync(join(where, 'Gemfile'), `source '${source}'\n${lines}`);
      return where;
    },
  };
}

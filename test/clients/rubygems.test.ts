/**
 * Gems with the real `gem` and Bundler, from a repository that `gem build` has made, through PoP, shield and origin: cold, warm, with the upstream
 * down, updated by ranges, pushed at one PoP and installed at another.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { rubygems } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { buildGem, type GemRepository, noRuby, startGemRepository } from '../support/gem-repository.ts';
import { startNetwork, type TestNetwork, temporary, within } from '../support/index.ts';
import { available } from '../support/needs.ts';

const folder = temporary('rubygems');
let upstream: GemRepository;
let network: TestNetwork;
let token: string;

const everything: Right = {
  actions: ['read', 'publish', 'delete', 'admin'],
  routes: ['rubygems'],
  subjects: ['*'],
};

const base = (pop = 'near') => `${network.url(pop)}/rubygems`;

interface Ran {
  readonly code: number;
  readonly output: string;
}

let homes = 0;
const newHome = () => join(folder.path, `home-${homes++}`);

async function run(command: readonly string[], home: string, cwd = home, more: Record<string, string> = {}): Promise<Ran> {
  mkdirSync(home, { recursive: true });
  const child = Bun.spawn([...command], {
    cwd,
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8', GEM_HOME: join(home, 'gems') },
      ...{ GEM_SPEC_CACHE: join(home, 'specs'), BUNDLE_USER_HOME: join(home, 'bundle'), BUNDLE_SILENCE_ROOT_WARNING: '1' },
      ...{ BUNDLE_PATH: join(home, 'vendor'), BUNDLE_RETRY: '0', BUNDLE_JOBS: '2', ...more },
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(30_000, command.join(' '), all);
  return { code, output: stdout + stderr };
}

async function succeeds(...args: Parameters<typeof run>): Promise<string> {
  const { code, output } = await run(...args);
  if (code !== 0) throw new Error(`${args[0].join(' ')} ended with ${code}:\n${output}`);
  return output;
}

const gemInstall = (name: string, home: string, pop = 'near', ...more: string[]) =>
  run(['gem', 'install', name, '--no-document', '--clear-sources', '--source', `${base(pop)}/`, ...more], home);

function project(gems: readonly string[], source = `${base()}/`): string {
  const where = join(folder.path, `project-${homes++}`);
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'Gemfile'), `source '${source}'\n${gems.map((gem) => `gem ${gem}\n`).join('')}`);
  return where;
}

const bundle = (args: readonly string[], home: string, cwd: string, more?: Record<string, string>) =>
  run(['bundle', ...args], home, cwd, more);

const fileOf = (home: string, gem: string) => join(home, 'gems', 'cache', gem);

describe.skipIf(!available('ruby', noRuby()))('with the real clients', () => {
  beforeAll(async () => {
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
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test('gem installs cold, then warm without a question to the upstream, with the same bytes', async () => {
    const first = newHome();
    expect((await gemInstall('trunk', first)).output).toContain('2 gems installed');
    upstream.forget();
    const second = newHome();
    expect((await gemInstall('trunk', second)).output).toContain('2 gems installed');
    expect(upstream.requests().filter(({ path }) => path.startsWith('/gems/'))).toEqual([]);
    expect(readFileSync(fileOf(first, 'leaf-1.2.0.gem'))).toEqual(readFileSync(fileOf(second, 'leaf-1.2.0.gem')));
  }, 60_000);

  test('Bundler installs by the compact index, and with the upstream down', async () => {
    const where = project(["'trunk'"]);
    const home = newHome();
    expect((await bundle(['install', '--verbose'], home, where)).output).toContain('Bundle complete!');
    expect(readFileSync(join(where, 'Gemfile.lock'), 'utf8')).toContain('leaf (1.2.0)');
    await upstream.off();
    const other = newHome();
    const { output } = await bundle(['install', '--verbose'], other, where);
    await upstream.on();
    expect(output).toContain('Bundle complete!');
    expect(output).not.toContain('specs.4.8');
  }, 60_000);

  test('push', async () => {
    const gem = await buildGem(join(folder.path, 'own'), { name: 'acme-ui', version: '1.0.0', dependencies: { leaf: '>= 1' } });
    const home = newHome();
    const out = await run(['gem', 'push', gem, '--host', base('near')], home, undefined, { GEM_HOST_API_KEY: token });
    expect(out.output).toContain('Successfully registered gem: acme-ui (1.0.0)');
    const installed = await gemInstall('acme-ui', newHome(), 'far');
    expect(installed.output).toContain('Successfully installed acme-ui-1.0.0');
  }, 60_000);
});

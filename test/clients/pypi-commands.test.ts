/**
 * What Meridian's own commands do for Python's clients: a lock file's packages are kept for good, and pip and twine are pointed at a route, and back again.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pypi } from '../../src/index.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { pipInstall, pipInstalls, problemWith, runPython } from '../support/python-client.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';
import { type PythonPackage, sdist } from '../support/python-package.ts';

const folder = temporary('pypi-commands');
const home = join(folder.path, 'home');
let upstream: PythonIndex;
let network: TestNetwork;
let leaf: PythonPackage;
let twig: PythonPackage;

describe.skipIf(!available('pip', problemWith('pip')))('commands for Python', () => {
  beforeAll(async () => {
    upstream = await startPythonIndex();
    leaf = upstream.publish({ name: 'leaf', version: '1.0' });
    upstream.publish(sdist({ name: 'leaf', version: '1.0' }));
    twig = upstream.publish({ name: 'twig.lib', version: '2.1', requires: ['leaf>=1'] });
    network = await startNetwork({
      nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [pypi({ upstreams: [{ url: `${upstream.url}/simple` }] })],
    });
    mkdirSync(home, { recursive: true });
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.off();
    folder[Symbol.dispose]();
  }, 30_000);

  const index = () => `${network.url('pop')}/pypi/simple/`;
  const environment = () => ({ PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8' });

  async function setup(...words: string[]): Promise<string> {
    const args = ['setup', ...words, ...(words.includes('--undo') ? [] : ['--url', network.url('pop')])];
    const { code, stdout, stderr } = await runMeridian(args, { cwd: network.dir, env: environment() });
    if (code !== 0) throw new Error(stdout + stderr);
    return stdout;
  }

  test('pip is pointed at the route by its own file, and back again', async () => {
    const file = join(home, '.config', 'pip', 'pip.conf');
    mkdirSync(join(home, '.config', 'pip'), { recursive: true });
    const before = '[global]\ntimeout = 20\n\n[install]\nno-compile = true\n';
    writeFileSync(file, before);
    await setup('pip', '--write');
    expect(readFileSync(file, 'utf8')).toContain(`index-url=${index()}`);
    const target = join(home, 'set-up');
    const { code, output } = await runPython('pip', ['install', '--no-deps', '--target', target, 'leaf'], {
      home,
      environment: { PIP_CONFIG_FILE: file },
    });
    expect([code, output]).toEqual([0, expect.stringContaining(index())]);
    await setup('pip', '--undo');
    expect(readFileSync(file, 'utf8')).toBe(before);
  }, 30_000);

  test('twine, uv and others hear how', async () => {
    await setup('twine', '--write');
    expect(readFileSync(join(home, '.pypirc'), 'utf8')).toContain(`${network.url('pop')}/pypi/legacy/`);
    await setup('twine', '--undo');
    expect(existsSync(join(home, '.pypirc'))).toBe(false);
    await setup('uv', '--write');
    const text = readFileSync(join(home, '.config', 'uv', 'uv.toml'), 'utf8');
    expect(Bun.TOML.parse(text)).toEqual({ index: [{ url: index(), default: true }] });
    for (const client of ['uv', 'poetry', 'pdm']) expect(await setup(client)).toContain(index());
  }, 30_000);

  test('what requirements name is kept for good, and installs when nothing else is left', async () => {
    const lines = [
      `leaf==1.0 --hash=sha256:${leaf.sha256}`,
      `twig-lib==2.1 \\\n    --hash=sha256:${twig.sha256}`,
    ];
    const requirements = join(home, 'requirements.txt');
    writeFileSync(requirements, `${lines.join('\n')}\n`);
    const words = ['mirror', '--lock', requirements, '--config', network.configFile];
    const mirrored = await runMeridian(words, { cwd: network.dir });
    expect([mirrored.code, mirrored.stderr]).toEqual([0, '']);
    expect(upstream.requests().filter(({ path }) => path.endsWith('.tar.gz'))).toEqual([]);

    await upstream.off();
    for (const name of ['pop', 'origin'] as const) {
      await network.node(name).stop();
      rmSync(join(network.dir, 'data', name, 'cache'), { recursive: true, force: true });
      await network.node(name).restart();
    }
    const target = await pipInstalls({
      index: index(),
      home,
      wanted: ['--require-hashes', '-r', requirements],
    });
    expect(existsSync(join(target, 'twig_lib.py'))).toBe(true);
    const other = await pipInstall({ index: index(), home, wanted: ['--no-binary', ':all:', 'leaf'] });
    expect(other.code).not.toBe(0);
  }, 60_000);
});

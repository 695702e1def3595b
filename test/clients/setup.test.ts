/**
 * `meridian setup` for real clients: each in a home of its own, where nothing but the file that has been written tells it where packages are.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { clientRoutes } from '../../src/access/api/clients-message.ts';
import { npm, web } from '../../src/index.ts';
import {
  eventually,
  type Registry,
  runMeridian,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { forYarn, project } from './project.ts';

const folder = temporary('setup');
const modules = join(import.meta.dir, '..', '..', 'node_modules');
let registry: Registry;
let network: TestNetwork;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('left-pad', '1.1.0');
  network = await startNetwork({
    nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] }),
      npm({
        name: 'team',
        match: { path: '/team' },
        access: 'closed',
        upstreams: [],
        hosted: { scopes: ['@acme'] },
      }),
      web({ name: 'files', match: { hosts: ['files.example.com'] }, upstream: registry.url }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

const home = (name: string) => join(folder.path, name);

function environmentOf(name: string): Record<string, string> {
  mkdirSync(home(name), { recursive: true });
  const PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  return { PATH, HOME: home(name), LANG: 'C.UTF-8', NO_COLOR: '1', CI: '1' };
}

async function meridian(name: string, ...words: string[]) {
  const ran = await runMeridian(['setup', ...words], { cwd: network.dir, env: environmentOf(name) });
  return { code: ran.code, out: ran.stdout.trim(), said: ran.stderr };
}

const viaPop = () => ['--url', network.url('pop'), '--route', 'npm'];

interface Client {
  readonly id: string;
  readonly file: string;
  /** What the user has there. */
  readonly before: string | null;
  readonly command: readonly string[];
}

const clients: readonly Client[] = [
  {
    id: 'npm',
    file: '.npmrc',
    before: '; mine\nfund=false\nregistry=https://nowhere.example/\n',
    command: ['npm', 'install', '--no-audit'],
  },
  {
    id: 'pnpm',
    file: '.npmrc',
    before: null,
    command: ['node', join(modules, 'pnpm/bin/pnpm.mjs'), 'install'],
  },
  {
    id: 'yarn',
    file: '.yarnrc.yml',
    before: 'nodeLinker: node-modules\nenableTelemetry: false',
    command: ['node', join(modules, '@yarnpkg/cli-dist/bin/yarn.js'), 'install', '--no-immutable'],
  },
  {
    id: 'yarn-classic',
    file: '.yarnrc',
    before: '# mine\n',
    command: ['node', join(modules, 'yarn-classic/bin/yarn.js'), 'install'],
  },
  {
    id: 'bun',
    file: '.bunfig.toml',
    before: '[install]\nsaveTextLockfile = true\n',
    command: [process.execPath, 'install'],
  },
];

describe.each([...clients])('$id', ({ id, file, before, command }) => {
  const path = join(home(id), file);

  test('installs through the network once its file is written, and has it back byte for byte', async () => {
    const env = environmentOf(id);
    if (before !== null) writeFileSync(path, before, { mode: 0o640 });
    const written = await meridian(id, id, '--write', ...viaPop());
    expect([written.code, written.out, written.said]).toEqual([
      0,
      expect.stringContaining(`~/${file}: written`),
      '',
    ]);
    const text = readFileSync(path, 'utf8');
    expect((await meridian(id, id, '--write', ...viaPop())).out).toContain(`~/${file}: unchanged`);
    expect(readFileSync(path, 'utf8')).toBe(text);

    const asked = network.node('pop').asked().length;
    const where = forYarn(project(join(folder.path, 'projects', id), { 'left-pad': '1.1.0' }));
    const ran = Bun.spawn([...command], { cwd: where, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    const [code, ...said] = await Promise.all([ran.exited, ran.stdout.text(), ran.stderr.text()]);
    expect([code, code === 0 ? '' : said.join('')]).toEqual([0, '']);
    expect(existsSync(join(where, 'node_modules', 'left-pad', 'package.json'))).toBe(true);
    await eventually('its requests', () => network.node('pop').asked().length > asked);

    const undone = await meridian(id, id, '--undo');
    expect([undone.code, undone.out]).toEqual([0, `~/${file}: as it was before`]);
    if (before === null) expect(existsSync(path)).toBe(false);
    else expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([before, 0o640]);
    expect((await meridian(id, id, '--undo')).out).toBe(`nothing to undo for ${id}`);
  }, 120_000);
});

test('a token that has been added since stays, and a link stays a link', async () => {
  environmentOf('edited');
  const path = join(home('edited'), '.npmrc');
  const real = join(home('edited'), 'dotfiles-npmrc');
  writeFileSync(real, 'fund=false\n');
  symlinkSync(real, path);
  await meridian('edited', 'npm', '--write', ...viaPop());
  writeFileSync(path, `${readFileSync(path, 'utf8')}//a.example/:_authToken=secret\n`);
  const { out } = await meridian('edited', 'npm', '--undo');
  expect(out).toBe('~/.npmrc: as it was before, with what has been changed in it since');
  expect(readFileSync(real, 'utf8')).toBe('fund=false\n//a.example/:_authToken=secret\n');
});

test('a file of two clients is put back when both are', async () => {
  environmentOf('both');
  const path = join(home('both'), '.npmrc');
  writeFileSync(path, 'fund=false\n');
  for (const id of ['npm', 'pnpm']) expect((await meridian('both', id, '--write', ...viaPop())).code).toBe(0);
  expect((await meridian('both', 'npm', '--undo')).out).toBe(
    '~/.npmrc: stays as it is: another client goes by it',
  );
  expect(readFileSync(path, 'utf8')).toContain('/npm/');
  expect((await meridian('both', 'pnpm', '--undo')).out).toBe('~/.npmrc: as it was before');
  expect(readFileSync(path, 'utf8')).toBe('fund=false\n');
});

test('it tells what to do, and lists what there is', async () => {
  const url = network.url('pop');
  const told = await meridian('told', 'npm', ...viaPop());
  expect(told.out).toContain(`registry=${url}/npm/`);
  expect(told.out).toContain(`npm login --registry=${url}/npm/`);
  expect(existsSync(join(home('told'), '.npmrc'))).toBe(false);
  // Of closed routes, strangers hear nothing; whoever is on the origin's machine hears of all.
  expect((await meridian('told', '--url', url)).out).not.toContain('/team/');
  expect((await meridian('told', '--config', network.configFile)).out).toContain(`${url}/team/`);
  const several = await meridian('told', 'npm', '--config', network.configFile);
  expect([several.code, several.said]).toEqual([2, expect.stringContaining('--route, one of npm, team')]);
  const unknown = await meridian('told', 'gem', '--url', url);
  expect([unknown.code, unknown.said]).toEqual([2, expect.stringContaining('There is: npm, pnpm')]);
});

test('the address is that by which the PoP is asked, or the one that is given', async () => {
  const routesAt = async (query: string) => {
    const answer = await fetch(`${network.url('pop')}/.meridian/v1/clients${query}`);
    return clientRoutes.parse(await answer.json()).routes.map(({ route, url }) => `${route} ${url}`);
  };
  const own = network.url('pop');
  const port = new URL(own).port;
  expect(await routesAt('')).toEqual([`npm ${own}/npm/`, `files http://files.example.com:${port}/`]);
  expect(await routesAt('?node=pop')).toEqual(await routesAt(''));
  expect(await routesAt('?base=https://packages.example.com/')).toEqual([
    'npm https://packages.example.com/npm/',
    'files https://files.example.com/',
  ]);
  for (const query of ['?base=odd', '?base=javascript:alert(1)', '?base=https://a:b@c.example'])
    expect((await fetch(`${own}/.meridian/v1/clients${query}`)).status).toBe(400);
  expect((await fetch(`${own}/.meridian/v1/clients?node=nowhere`)).status).toBe(404);
});

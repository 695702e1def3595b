/** The one command that pages show for a package, run as it stands by a shell of somebody who has set up nothing. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { clientRoutes } from '../../src/access/api/clients-message.ts';
import { npm } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import {
  type Registry,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
  within,
} from '../support/index.ts';
import { forYarn, project } from './project.ts';

const folder = temporary('install-commands');
const modules = join(import.meta.dir, '..', '..', 'node_modules');
let registry: Registry;
let network: TestNetwork;

beforeAll(async () => {
  registry = await startRegistry();
  // No other registry has it.
  registry.publish('only-here', '1.1.0');
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      pop: {
        ...{ role: 'pop', parents: ['origin'] },
        place: { name: 'Frankfurt', latitude: 50.1, longitude: 8.7 },
      },
    },
    routes: [npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] })],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

async function guides(headers: Record<string, string> = {}) {
  const answer = await fetch(`${network.url('pop')}/.meridian/v1/clients`, { headers });
  return clientRoutes.parse(await answer.json());
}

/** What stands for a client's name on somebody's machine. */
const programs: Readonly<Record<string, string | null>> = {
  npm: null,
  pnpm: 'pnpm/bin/pnpm.mjs',
  yarn: '@yarnpkg/cli-dist/bin/yarn.js',
  'yarn-classic': 'yarn-classic/bin/yarn.js',
  bun: process.execPath,
};

function binFolder(id: string): string {
  const bin = join(folder.path, id, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = programs[id];
  if (program === process.execPath) symlinkSync(program, join(bin, 'bun'));
  else if (program)
    writeFileSync(
      join(bin, id === 'yarn-classic' ? 'yarn' : id),
      `#!/bin/sh\nexec node '${join(modules, program)}' "$@"\n`,
      { mode: 0o755 },
    );
  return bin;
}

test.each(Object.keys(programs))(
  '%s',
  async (id) => {
    const { routes } = await guides();
    const command = routes[0]?.clients.find((client) => client.id === id)?.install ?? '';
    const home = join(folder.path, id, 'home');
    mkdirSync(home, { recursive: true });
    const where = project(join(folder.path, id, 'project'), {});
    if (id === 'yarn') {
      forYarn(where);
      writeFileSync(join(where, '.yarnrc.yml'), 'nodeLinker: node-modules\n');
    }
    const env = {
      PATH: [binFolder(id), process.env.PATH ?? ''].join(delimiter),
      ...{ HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1', YARN_ENABLE_TELEMETRY: '0' },
    };
    const child = Bun.spawn(['sh', '-c', command.replace('{package}', 'only-here')], {
      ...{ cwd: where, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    });
    const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    const [code, said, complaint] = await within(60_000, command, all);
    if (code !== 0) throw new Error(`${command} ended with ${code}:\n${said}${complaint}`);
    expect(command).toContain('{package}');
    expect(await Bun.file(join(where, 'node_modules/only-here/package.json')).json()).toMatchObject({
      version: '1.1.0',
    });
  },
  70_000,
);

test('whoever has a token learns of the addresses that there are to choose from; others do not', async () => {
  const { token } = await tokenFor(network.node('origin'), 'alice', []);
  const { addresses } = await guides({ authorization: `Bearer ${token}` });
  expect(addresses).toEqual([{ node: 'pop', url: network.url('pop'), place: 'Frankfurt' }]);
  expect((await guides()).addresses).toEqual([]);
});

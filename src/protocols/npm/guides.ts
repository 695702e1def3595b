/** How package managers that speak npm's protocol are pointed at a route. */
import type { ClientGuide, RouteAddress, Setting, Step } from '../../guide.ts';
import { run, trustBy, undoOf } from '../guiding.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const registry = `${url}/`;
  const isPlain = registry.startsWith('http:');
  const host = new URL(registry).hostname;
  // Without it, Yarn refuses addresses without TLS.
  const allowed = isPlain ? `YARN_UNSAFE_HTTP_WHITELIST=${host} ` : '';
  const npmrc = set('.npmrc', 'ini', [{ key: 'registry', value: registry }]);
  const trust = trustBy(registry, 'NODE_EXTRA_CA_CERTS');
  const logIn = run(`npm login --registry=${registry}`, 'Asks who you are, and keeps a token in ~/.npmrc.');
  return [
    {
      ...{ id: 'npm', title: 'npm', setUp: [npmrc], trust, logIn: [logIn] },
      check: [run(`npm ping --registry=${registry}`, 'Says PONG.')],
      undo: undoOf('npm'),
      install: `npm install {package} --registry=${registry}`,
    },
    {
      ...{ id: 'pnpm', title: 'pnpm', setUp: [npmrc], trust },
      logIn: [run(`pnpm login --registry=${registry}`, 'Asks who you are, and keeps a token.')],
      check: [run(`pnpm ping --registry=${registry}`, 'Says PONG.')],
      undo: undoOf('pnpm'),
      install: `pnpm add {package} --registry=${registry}`,
    },
    {
      ...{ id: 'yarn', title: 'Yarn 2 and later', trust },
      setUp: [
        set('.yarnrc.yml', 'yaml', [
          { key: 'npmRegistryServer', value: `"${registry}"` },
          // Without it, Yarn refuses addresses without TLS.
          ...(isPlain ? [{ key: 'unsafeHttpWhitelist', value: `"${host}"`, isItem: true }] : []),
        ]),
      ],
      logIn: [run('yarn npm login', 'Asks for a name and a password, and keeps a token in ~/.yarnrc.yml.')],
      check: [run('yarn config get npmRegistryServer', `Says ${registry}.`)],
      undo: undoOf('yarn'),
      install: `${allowed}YARN_NPM_REGISTRY_SERVER=${registry} yarn add {package}`,
    },
    {
      ...{ id: 'yarn-classic', title: 'Yarn 1', trust, logIn: [logIn] },
      setUp: [set('.yarnrc', 'yarnrc', [{ key: 'registry', value: `"${registry}"` }])],
      check: [run('yarn config get registry', `Says ${registry}.`)],
      undo: undoOf('yarn-classic'),
      install: `yarn add {package} --registry=${registry}`,
    },
    {
      ...{ id: 'bun', title: 'Bun', trust, logIn: [logIn] },
      setUp: [set('.bunfig.toml', 'toml', [{ section: 'install', key: 'registry', value: `"${registry}"` }])],
      check: [run('bun pm view is-odd', 'Tells of a package that is fetched through the network.')],
      undo: undoOf('bun'),
      install: `bun add {package} --registry=${registry}`,
    },
  ];
}

function set(path: string, form: 'ini' | 'yarnrc' | 'yaml' | 'toml', settings: readonly Setting[]): Step {
  return { do: 'set', file: { path, form, settings }, why: 'Packages then come from this network.' };
}

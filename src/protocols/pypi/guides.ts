/** How clients of Python packages are pointed at a route. */
import type { ClientGuide, RouteAddress, Setting, SettingsForm, Step } from '../../guide.ts';
import { run, trustBy, undoOf } from '../guiding.ts';

export function guides(at: RouteAddress): readonly ClientGuide[] {
  return [pip(at), uv(at), poetry(at), pdm(at), twine(at)];
}

const indexOf = ({ url }: RouteAddress) => `${url}/simple/`;

/** Clients take this machine's own addresses for safe, and no others without TLS. */
function isTrusted({ url }: RouteAddress): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

function pip(at: RouteAddress): ClientGuide {
  const index = indexOf(at);
  const { hostname } = new URL(at.url);
  const trusted = isTrusted(at) ? '' : ` --trusted-host ${hostname}`;
  return {
    ...{
      id: 'pip',
      title: 'pip',
      trust: trustBy(at.url, 'PIP_CERT'),
      logIn: [netrc(at)],
      undo: undoOf('pip'),
    },
    setUp: [
      set('.config/pip/pip.conf', 'ini', [
        { section: 'global', key: 'index-url', value: index },
        ...(isTrusted(at) ? [] : [{ section: 'global', key: 'trusted-host', value: hostname }]),
      ]),
    ],
    check: [
      run(
        `pip download --no-deps six --index-url ${index}${trusted}`,
        'A package that is fetched through the network.',
      ),
    ],
    install: `pip install {package} --index-url ${index}${trusted}`,
  };
}

function uv(at: RouteAddress): ClientGuide {
  const index = indexOf(at);
  const insecure = isTrusted(at) ? '' : ` --allow-insecure-host ${new URL(at.url).host}`;
  return {
    ...{
      id: 'uv',
      title: 'uv',
      trust: trustBy(at.url, 'SSL_CERT_FILE'),
      logIn: [netrc(at)],
      undo: undoOf('uv'),
    },
    setUp: [
      set('.config/uv/uv.toml', 'toml', [{ key: 'index', value: `[{ url = "${index}", default = true }]` }]),
    ],
    check: [
      run(
        `uv pip install --dry-run six --default-index ${index}${insecure}`,
        'A package that is found through the network.',
      ),
    ],
    install: `uv pip install {package} --default-index ${index}${insecure}`,
  };
}

function poetry(at: RouteAddress): ClientGuide {
  // Poetry has that name for the public index, whose address cannot be changed.
  const name = at.route === 'pypi' ? 'meridian' : at.route;
  const index = indexOf(at);
  return {
    ...{ id: 'poetry', title: 'Poetry', trust: trustBy(at.url, 'REQUESTS_CA_BUNDLE') },
    setUp: [
      run(
        `poetry source add --priority=primary ${name} ${index}`,
        'In each project: its packages then come from this network.',
      ),
    ],
    logIn: [tokenIn(`poetry config http-basic.${name} __token__ TOKEN`)],
    check: [run('poetry source show', `Says ${index}.`)],
    undo: [
      run(`poetry source remove ${name}`, 'In each project: its packages come from where they came from.'),
    ],
  };
}

function pdm(at: RouteAddress): ClientGuide {
  const index = indexOf(at);
  return {
    ...{ id: 'pdm', title: 'PDM', trust: trustBy(at.url, 'REQUESTS_CA_BUNDLE') },
    setUp: [run(`pdm config pypi.url ${index}`, 'Packages then come from this network.')],
    logIn: [tokenIn('pdm config pypi.username __token__ && pdm config pypi.password TOKEN')],
    check: [run('pdm config pypi.url', `Says ${index}.`)],
    undo: [run('pdm config --delete pypi.url', 'Forgets the address.')],
  };
}

function twine(at: RouteAddress): ClientGuide {
  const { route, url } = at;
  const address = `${url}/legacy/`;
  return {
    ...{ id: 'twine', title: 'twine', trust: trustBy(at.url, 'TWINE_CERT'), undo: undoOf('twine') },
    setUp: [
      set('.pypirc', 'ini', [
        { section: 'distutils', key: 'index-servers', value: route },
        { section: route, key: 'repository', value: address },
        { section: route, key: 'username', value: '__token__' },
      ]),
    ],
    logIn: [tokenIn(`keyring set ${address} __token__`)],
    check: [run('twine check dist/*', 'Says whether packages are fit to be uploaded.')],
  };
}

const netrc = ({ url }: RouteAddress) =>
  tokenIn(`echo 'machine ${new URL(url).hostname} login __token__ password TOKEN' >> ~/.netrc`);

function tokenIn(command: string): Step {
  return run(command, 'The name is __token__, the password your token.');
}

function set(path: string, form: SettingsForm, settings: readonly Setting[]): Step {
  return { do: 'set', file: { path, form, settings }, why: 'Packages then come from this network.' };
}

/** How clients of Python packages are pointed at a route. */
import type { ClientGuide, RouteAddress, Setting, SettingsForm, Step } from '../../guide.ts';

export function guides({ route, url }: RouteAddress): readonly ClientGuide[] {
  const { protocol, host, hostname } = new URL(url);
  const index = `${url}/simple/`;
  const isPlain = protocol === 'http:';
  // pip takes machines of the same name for safe, and no others without TLS.
  const isTrusted = !isPlain || /^(?:localhost|127\.|\[::1\])/.test(hostname);
  const trusted = isTrusted ? '' : ` --trusted-host ${hostname}`;
  const insecure = isTrusted ? '' : ` --allow-insecure-host ${host}`;
  const tokenIn = (command: string) => run(command, 'The name is __token__; the token is the password.');
  const netrc = tokenIn(`echo 'machine ${hostname} login __token__ password TOKEN' >> ~/.netrc`);
  return [
    {
      ...{ id: 'pip', title: 'pip', trust: trustOf(url, 'PIP_CERT'), undo: undoOf('pip') },
      setUp: [
        set('.config/pip/pip.conf', 'ini', [
          { section: 'global', key: 'index-url', value: index },
          ...(isTrusted ? [] : [{ section: 'global', key: 'trusted-host', value: hostname }]),
        ]),
      ],
      logIn: [netrc],
      check: [
        run(
          `pip download --no-deps six --index-url ${index}${trusted}`,
          'A package that is fetched through the network.',
        ),
      ],
      install: `pip install {package} --index-url ${index}${trusted}`,
    },
    {
      ...{ id: 'uv', title: 'uv', trust: trustOf(url, 'SSL_CERT_FILE'), undo: undoOf('uv') },
      setUp: [
        set('.config/uv/uv.toml', 'toml', [
          { section: '[index]', key: 'url', value: `"${index}"` },
          { section: '[index]', key: 'default', value: 'true' },
        ]),
      ],
      logIn: [netrc],
      check: [
        run(
          `uv pip install --dry-run six --default-index ${index}${insecure}`,
          'A package that is found through the network.',
        ),
      ],
      install: `uv pip install {package} --default-index ${index}${insecure}`,
    },
    {
      ...{ id: 'poetry', title: 'Poetry', trust: trustOf(url, 'REQUESTS_CA_BUNDLE'), undo: undoOf('poetry') },
      setUp: [
        run(
          `poetry source add --priority=primary ${route} ${index}`,
          'In each project: its packages then come from this network.',
        ),
      ],
      logIn: [tokenIn(`poetry config http-basic.${route} __token__ TOKEN`)],
      check: [run('poetry source show', `Says ${index}.`)],
    },
    {
      ...{
        id: 'pdm',
        title: 'PDM',
        trust: trustOf(url, 'REQUESTS_CA_BUNDLE'),
        undo: [run('pdm config --delete pypi.url', 'Forgets the address.')],
      },
      setUp: [run(`pdm config pypi.url ${index}`, 'Packages then come from this network.')],
      logIn: [tokenIn('pdm config pypi.username __token__ && pdm config pypi.password TOKEN')],
      check: [run('pdm config pypi.url', `Says ${index}.`)],
    },
    {
      ...{ id: 'twine', title: 'twine', trust: trustOf(url, 'TWINE_CERT'), undo: undoOf('twine') },
      setUp: [
        set('.pypirc', 'ini', [
          { section: 'distutils', key: 'index-servers', value: route },
          { section: route, key: 'repository', value: `${url}/legacy/` },
          { section: route, key: 'username', value: '__token__' },
        ]),
      ],
      logIn: [tokenIn(`keyring set ${url}/legacy/ __token__`)],
      check: [run('twine check dist/*', 'Says whether packages are fit to be uploaded.')],
    },
  ];
}

function set(path: string, form: SettingsForm, settings: readonly Setting[]): Step {
  return { do: 'set', file: { path, form, settings }, why: 'Packages then come from this network.' };
}

function run(command: string, why: string): Step {
  return { do: 'run', command, why };
}

function trustOf(url: string, variable: string): readonly Step[] {
  if (!url.startsWith('https:')) return [];
  return [
    run(
      `export ${variable}=/path/to/ca.pem`,
      'Only where the certificate of this address is from an authority of your own: names the file of that authority.',
    ),
  ];
}

function undoOf(client: string): readonly Step[] {
  return [
    run(
      `meridian setup ${client} --undo`,
      'Puts back what the files said before; by hand, take the lines out again.',
    ),
  ];
}

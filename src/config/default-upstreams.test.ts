import { describe, expect, test } from 'bun:test';
import { standardUpstreams } from './default-upstreams.ts';
import type { EcosystemId } from './ecosystem-settings.ts';
import type { Machine } from './machine/machine.ts';

interface Given {
  readonly env?: Record<string, string>;
  /** What programs print. */
  readonly says?: Record<string, string>;
  readonly files?: Record<string, string>;
}

function machine({ env = {}, says = {}, files = {} }: Given): Machine {
  return {
    env,
    home: '/srv/ada',
    async ask(program, ...args) {
      const text = says[[program, ...args].join(' ')];
      return text === undefined ? null : { text, code: text === '' ? 1 : 0, complaint: '' };
    },
    read: async (path) => files[path] ?? null,
    async names(folder, pattern) {
      const glob = new Bun.Glob(pattern);
      const within = Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
      return within.map((path) => path.slice(folder.length + 1)).filter((name) => glob.match(name));
    },
  };
}

const urls = async (id: EcosystemId, given: Given) =>
  (await standardUpstreams(id, machine(given))).map(({ url }) => url);

const refused = async (id: EcosystemId, given: Given) =>
  standardUpstreams(id, machine(given)).then(
    () => '',
    (error: Error) => error.message,
  );

describe('a route for Python packages that names no upstream asks', () => {
  test('the public index where pip is set to nothing, or is not there', async () => {
    expect(await urls('pypi', {})).toEqual(['https://pypi.org/simple']);
    expect(await urls('pypi', { says: { 'pip config get global.index-url': '' } })).toEqual([
      'https://pypi.org/simple',
    ]);
  });

  test('the index that pip is set to, and before it the one of the variable', async () => {
    const says = { 'pip config get global.index-url': 'https://packages.example/simple/\n' };
    expect(await urls('pypi', { says })).toEqual(['https://packages.example/simple']);
    expect(await urls('pypi', { says, env: { PIP_INDEX_URL: 'http://mirror.example/simple' } })).toEqual([
      'http://mirror.example/simple',
    ]);
  });

  test('none that has credentials in it, and they are not repeated', async () => {
    const told = await refused('pypi', { env: { PIP_INDEX_URL: 'https://ada:hunter2@packages.example/' } });
    expect(told).toContain('PIP_INDEX_URL is no http or https URL without user name');
    expect(told).toContain('pypi({ upstreams:');
    expect(told).not.toContain('hunter2');
  });
});

describe('a route for Go modules that names no upstream asks', () => {
  test('the proxies that go is set to, in their order', async () => {
    const says = { 'go env GOPROXY': 'https://one.example/go,https://two.example|direct\n' };
    expect(await urls('go', { says })).toEqual(['https://one.example/go', 'https://two.example']);
  });

  test('the public mirror where there is no go', async () =>
    expect(await urls('go', {})).toEqual(['https://proxy.golang.org']));

  test.each(['off', 'direct', 'direct,off'])('nobody where go is told %p, and says so', async (GOPROXY) =>
    expect(await refused('go', { env: { GOPROXY } })).toContain('names no proxy. Name the upstreams'),
  );
});

describe('a route for crates that names no upstream asks', () => {
  const at = '/srv/ada/.cargo/config.toml';

  test('the public registry where cargo has no other in its place', async () => {
    expect(await urls('cargo', {})).toEqual(['https://index.crates.io']);
    expect(await urls('cargo', { files: { [at]: '[net]\nretry = 3\n' } })).toEqual([
      'https://index.crates.io',
    ]);
  });

  test('what cargo has in its place, as a source or as a registry', async () => {
    const source =
      '[source.crates-io]\nreplace-with = "mine"\n[source.mine]\nregistry = "sparse+https://crates.example/index/"\n';
    const registry =
      '[source.crates-io]\nreplace-with = "mine"\n[registries.mine]\nindex = "sparse+https://crates.example/other/"\n';
    expect(await urls('cargo', { files: { [at]: source } })).toEqual(['https://crates.example/index']);
    expect(
      await urls('cargo', { env: { CARGO_HOME: '/srv/c' }, files: { '/srv/c/config': registry } }),
    ).toEqual(['https://crates.example/other']);
  });

  test('nobody where that is a folder or a git repository, and says so', async () => {
    const files = {
      [at]: '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n',
    };
    expect(await refused('cargo', { files })).toContain('no sparse registry');
    expect(await refused('cargo', { files: { [at]: '[[[' } })).toContain('no config of cargo');
  });
});

describe('a route for archives of apt that names none has', () => {
  const archives = async (files: Record<string, string>) =>
    (await standardUpstreams('apt', machine({ files }))).map(({ name, url }) => `${name} ${url}`);

  test('those of lines and of paragraphs, each once, under the last segment of its path', async () => {
    const files = {
      '/etc/apt/sources.list': [
        '# deb http://off.example/debian stable main',
        'deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://one.example/debian/ stable main',
        'deb http://one.example/debian stable-updates main',
        'deb-src http://source.example/debian stable main',
        'deb cdrom:[Debian]/ stable main',
      ].join('\n'),
      '/etc/apt/sources.list.d/a.sources': [
        '# of the installer',
        'Types: deb deb-src',
        'URIs: http://one.example/debian-security/',
        ' https://two.example/debian',
        'Suites: stable-security',
        '',
        'Enabled: no',
        'Types: deb',
        'URIs: http://off.example/debian',
        '',
        'types: deb',
        'uris: https://three.example',
      ].join('\n'),
      '/etc/apt/sources.list.d/b.list.disabled': 'deb http://off.example/x stable main',
    };
    expect(await archives(files)).toEqual([
      'debian http://one.example/debian',
      'debian-security http://one.example/debian-security',
      'debian-2 https://two.example/debian',
      'archive https://three.example',
    ]);
  });

  test('none where apt has none, and says so', async () =>
    expect(await refused('apt', {})).toContain('apt is set to no archive'));
});

test('what has one public registry asks that, and what has none asks nobody', async () => {
  expect(await urls('maven', {})).toEqual(['https://repo.maven.apache.org/maven2']);
  expect(await urls('rubygems', {})).toEqual(['https://rubygems.org']);
  expect(await urls('nuget', {})).toEqual(['https://api.nuget.org/v3/index.json']);
  expect(await urls('huggingface', { env: { HF_ENDPOINT: 'https://models.example' } })).toEqual([
    'https://models.example',
  ]);
  expect(await urls('helm', {})).toEqual([]);
  expect(await urls('files', {})).toEqual([]);
});

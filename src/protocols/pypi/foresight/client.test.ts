/** Clients by what they say of themselves, and the wheels that fit their machines. */
import { describe, expect, test } from 'bun:test';
import { type Client, clientIn, clientOf, wordsOf } from './client.ts';
import { rankFor } from './tags.ts';

const saying = (agent: string) => clientOf(new Headers({ 'user-agent': agent }));

function agentOf(installer: string, more: object = {}): string {
  const said = {
    ...{ ci: null, cpu: 'x86_64', implementation: { name: 'CPython', version: '3.11.2' }, python: '3.11.2' },
    ...{ distro: { name: 'Debian GNU/Linux', version: '12', libc: { lib: 'glibc', version: '2.36' } } },
    ...{ system: { name: 'Linux', release: '6.1.0' }, ...more },
  };
  return `${installer} ${JSON.stringify(said)}`;
}

const mac = { cpu: 'arm64', system: { name: 'Darwin' }, distro: { name: 'macOS', version: '14.5' } };
const windows = { cpu: 'AMD64', system: { name: 'Windows' }, distro: null };
const alpine = { distro: { libc: { lib: 'musl', version: '1.2' } } };

describe('a client', () => {
  test('is what pip says', () => {
    expect(saying(agentOf('pip/23.2.1'))).toEqual({
      ...{ python: '3.11.2', implementation: 'cpython', implementationVersion: '3.11.2', system: 'Linux' },
      ...{ cpu: 'x86_64', base: 'glibc-2.36', isGuessed: false, asksMetadata: true, form: 'json' },
    });
  });

  test.each([
    ['pip/24.0', true, 'json'],
    ['pip/23.1.2', false, 'json'],
    ['pip/22.2', false, 'json'],
    ['pip/22.1.2', false, 'text'],
    ['uv/0.4.18', true, 'json'],
  ] as const)('%s asks for what it knows', (installer, asksMetadata, form) => {
    expect(saying(agentOf(installer))).toMatchObject({ asksMetadata, form });
  });

  test('that says less is taken to be as most are', () => {
    const poetry = saying('poetry/1.8.3 CPython/3.12.1 Linux/6.5.0');
    expect(poetry).toMatchObject({ python: '3.12.1', cpu: 'x86_64', base: 'glibc-2.28', isGuessed: true });
    expect(saying(agentOf('uv/0.4', { distro: null }))).toMatchObject({
      base: 'glibc-2.28',
      isGuessed: true,
    });
    expect(saying(agentOf('pip/24.0', windows))).toMatchObject({ base: '', isGuessed: false });
  });

  test.each([
    ...[
      '',
      'curl/8.5.0',
      'Mozilla/5.0 (X11; Linux x86_64)',
      'twine/4.0',
      'pip/24.0 {"python":',
      'pip/24.0 null',
    ],
    ...[agentOf('pip/24.0', { python: '3' }), agentOf('pip/24.0', { system: { name: 'Plan 9' } })],
    ...[agentOf('pip/24.0', { python: { major: 3 } }), `pip/24.0 {"python":"${'3'.repeat(3_000)}"}`],
  ])('that does not say what it installs for is none: %.60s', (agent) => {
    expect(saying(agent)).toBeNull();
  });

  test.each([{}, mac, windows, alpine, { distro: null }])('is read back from its words: %j', (more) => {
    const client = saying(agentOf('pip/24.0', more));
    expect(client && clientIn(wordsOf(client))).toEqual(client);
  });

  test('is none by other words', () => {
    expect(clientIn({})).toBeNull();
    const { form: _, ...words } = wordsOf(saying(agentOf('pip/24.0')) as Client);
    expect(clientIn(words)).toBeNull();
    expect(clientIn({ ...words, form: 'yaml' })).toBeNull();
  });
});

describe('wheels', () => {
  /** Those that fit, the best first. */
  function fitting(more: object, ...tags: readonly string[]): readonly string[] {
    const rank = rankFor(saying(agentOf('pip/24.0', more)) as Client);
    const fit = tags.filter((tag) => rank(`foo-1.0-${tag}.whl`) !== null);
    return fit.toSorted((a, b) => Number(rank(`foo-1.0-${a}.whl`)) - Number(rank(`foo-1.0-${b}.whl`)));
  }

  test('for Linux with glibc', () => {
    const best = [
      'cp311-cp311-manylinux_2_36_x86_64',
      'cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64',
    ];
    const good = [
      ...['cp311-cp311-manylinux1_x86_64', 'cp311-cp311-linux_x86_64', 'cp39-abi3-manylinux2010_x86_64'],
      ...['py3-none-manylinux_2_5_x86_64', 'py311-none-any', 'py2.py3-none-any', 'py34-none-any'],
    ];
    const none = [
      ...[
        'cp311-cp311-manylinux_2_37_x86_64',
        'cp311-cp311-manylinux2014_aarch64',
        'cp310-cp310-linux_x86_64',
      ],
      ...[
        'cp312-abi3-linux_x86_64',
        'cp311-cp311-musllinux_1_1_x86_64',
        'cp311-cp311-win_amd64',
        'py2-none-any',
      ],
      ...['py312-none-any', 'cp311-cp311d-linux_x86_64'],
    ];
    expect(fitting({}, ...none, ...good.toReversed(), ...best.toReversed())).toEqual([...best, ...good]);
  });

  test('for other machines', () => {
    const tags = [
      ...['cp311-cp311-musllinux_1_2_x86_64', 'cp311-cp311-musllinux_1_1_x86_64', 'cp311-cp311-win_amd64'],
      ...[
        'cp311-cp311-macosx_14_0_arm64',
        'cp311-cp311-macosx_11_0_arm64',
        'cp311-cp311-macosx_10_9_universal2',
      ],
      ...['cp311-cp311-macosx_10_9_x86_64', 'cp311-cp311-manylinux_2_17_x86_64'],
    ];
    expect(fitting(alpine, ...tags)).toEqual(tags.slice(0, 2));
    expect(fitting(windows, ...tags)).toEqual(tags.slice(2, 3));
    expect(fitting(mac, ...tags)).toEqual(tags.slice(3, 6));
  });

  test('for old Pythons, and for PyPy', () => {
    const old = { python: '3.7.17', implementation: { name: 'CPython', version: '3.7.17' } };
    expect(fitting(old, 'cp37-cp37m-linux_x86_64', 'cp37-cp37-linux_x86_64')).toEqual([
      'cp37-cp37m-linux_x86_64',
    ]);
    const pypy = { python: '3.10.13', implementation: { name: 'PyPy', version: '7.3.15' } };
    const tags = ['pp310-pypy310_pp73-linux_x86_64', 'py3-none-any', 'cp310-abi3-linux_x86_64'];
    expect(fitting(pypy, ...tags)).toEqual(tags.slice(0, 2));
  });

  test('with more tags than any has are none', () => {
    const many = Array.from({ length: 40 }, (_, nth) => `p${nth}`).join('.');
    expect(fitting({}, `${many}.py3-none.${many}-any`)).toEqual([]);
  });
});

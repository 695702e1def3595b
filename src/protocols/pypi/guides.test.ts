import { expect, test } from 'bun:test';
import { type ClientGuide, textOf } from '../../guide.ts';
import { guides } from './guides.ts';

const at = (url: string) => guides({ route: 'pypi', url });

function fileOf(client: string, all: readonly ClientGuide[]): string {
  const step = all.find(({ id }) => id === client)?.setUp.find((each) => each.do === 'set');
  return step?.do === 'set' ? textOf(step.file) : '';
}

test('each client is told the index, and twine where to upload', () => {
  const all = at('https://packages.example.com/pypi');
  expect(fileOf('pip', all)).toBe('[global]\nindex-url=https://packages.example.com/pypi/simple/\n');
  expect(Bun.TOML.parse(fileOf('uv', all))).toEqual({
    index: [{ url: 'https://packages.example.com/pypi/simple/', default: true }],
  });
  expect(fileOf('twine', all)).toContain('repository=https://packages.example.com/pypi/legacy/');
  expect(all.map(({ install }) => install).join('\n')).not.toContain('host');
});

test('an address without TLS is trusted in so many words, but for this machine’s own', () => {
  const plain = at('http://packages.internal:4873/pypi');
  expect(fileOf('pip', plain)).toContain('trusted-host=packages.internal\n');
  expect(plain.find(({ id }) => id === 'uv')?.install).toContain(
    '--allow-insecure-host packages.internal:4873',
  );
  for (const own of ['http://127.0.0.1:4873/pypi', 'http://localhost:4873/pypi', 'http://[::1]:4873/pypi'])
    expect(fileOf('pip', at(own))).not.toContain('trusted-host');
  // What only begins like it is somebody else's machine.
  expect(fileOf('pip', at('http://localhost.example.com/pypi'))).toContain('trusted-host');
  expect(fileOf('pip', at('http://127.example.com/pypi'))).toContain('trusted-host');
});

test('Poetry has a source of a name that it does not keep for the public index', () => {
  const [added] = at('https://packages.example.com/pypi').find(({ id }) => id === 'poetry')?.setUp ?? [];
  expect(added).toMatchObject({
    command: 'poetry source add --priority=primary meridian https://packages.example.com/pypi/simple/',
  });
});

import { describe, expect, test } from 'bun:test';
import type { UpstreamOptions } from './options.ts';
import { openSources } from './sources.ts';

function upstream(url: string, names: readonly string[] = [], name?: string): UpstreamOptions {
  return { url, names, internalHosts: [], ...(name !== undefined && { name }) };
}

const sources = openSources(
  [
    upstream('https://one.example/simple/'),
    upstream('https://acme.example', ['acme-*']),
    upstream('https://two.example'),
    upstream('https://more.example', ['acme-more*']),
  ],
  (name) => name.startsWith('ours-'),
);
const asked = (name: string | null) => sources.of(name).map(({ url }) => url);

describe('which upstreams may have a name', () => {
  test('those that claim nothing are asked one after the other', () => {
    expect(asked('requests')).toEqual(['https://one.example/simple', 'https://two.example']);
    expect(asked(null)).toEqual(['https://one.example/simple', 'https://two.example']);
  });

  test('what one claims is asked for there and nowhere else', () => {
    expect(asked('acme-tools')).toEqual(['https://acme.example']);
    expect(asked('acme-more-tools')).toEqual(['https://acme.example', 'https://more.example']);
  });

  test('what lives here is asked for nowhere, whether it is there or not', () => {
    expect(asked('ours-anything')).toEqual([]);
  });
});

test('a source is known by the name that the config gives it, or by its host', () => {
  const archives = openSources(
    [upstream('https://mirror.example/debian', [], 'debian'), upstream('https://h.example:8443/x')],
    () => false,
  );
  expect(archives.named('debian')?.url).toBe('https://mirror.example/debian');
  expect(archives.named('h.example:8443')).toBeNull();
  expect(archives.all.map(({ name }) => name)).toEqual(['debian', 'h.example:8443']);
});

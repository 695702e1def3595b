import { describe, expect, test } from 'bun:test';
import { readReference } from '../../messages/reference.ts';
import { UsageError } from '../exit.ts';
import { findReference } from './reference.ts';

const digest = `sha256:${'0'.repeat(64)}`;

describe('a package, or one version of it, as users write it', () => {
  test('of images', () => {
    expect(readReference('acme/app', 'oci')).toEqual({ name: 'acme/app', version: null });
    expect(readReference('acme/app:v1', 'oci')).toEqual({ name: 'acme/app', version: 'v1' });
    expect(readReference(`acme/app@${digest}`, 'oci')).toEqual({ name: 'acme/app', version: digest });
    expect(readReference(`acme/app:v1@${digest}`, 'oci')).toEqual({ name: 'acme/app', version: digest });
  });

  test('the port of a host is no tag', () => {
    const name = 'registry.example:5000/team/app';
    expect(readReference(name, 'oci')).toEqual({ name, version: null });
    expect(readReference(`${name}:v1`, 'oci')).toEqual({ name, version: 'v1' });
  });

  test('of all others', () => {
    expect(readReference('@acme/ui', 'npm')).toEqual({ name: '@acme/ui', version: null });
    expect(readReference('@acme/ui@1.0.0', 'npm')).toEqual({ name: '@acme/ui', version: '1.0.0' });
    expect(readReference('org.example:thing', 'maven')).toEqual({ name: 'org.example:thing', version: null });
    expect(readReference('org.example:thing@1.0', 'maven')).toEqual({
      name: 'org.example:thing',
      version: '1.0',
    });
    expect(readReference('v1/@scope/disk.iso', 'files')).toEqual({
      name: 'v1/@scope/disk.iso',
      version: null,
    });
  });
});

describe('the route that is meant', () => {
  const asked: string[] = [];

  /** An API with these routes, by their names, and these packages of them. */
  function api(
    routes: Readonly<Record<string, string>>,
    packages: readonly (readonly [string, string])[] = [],
  ) {
    asked.length = 0;
    return async (_: string, target: string) => {
      asked.push(target);
      if (target === '/routes')
        return Object.entries(routes).map(([name, protocol]) => ({
          ...{ name, protocol, path: `/${name}`, hosts: [], access: 'open', hasPolicy: false },
        }));
      const text = new URL(target, 'http://origin').searchParams.get('text') ?? '';
      const found = packages.filter(([, name]) => name.includes(text));
      return { packages: found.map(([route, name]) => listed(route, name)), total: found.length, next: null };
    };
  }

  const nothing = { versions: 0, bytes: 0 };
  const listed = (route: string, name: string) => ({
    ...{
      route,
      name,
      protocol: 'npm',
      kind: 'hosted',
      access: 'public',
      latest: null,
      description: '',
      keywords: [],
    },
    ...{ publishedMs: null, publisher: null, kept: { hosted: nothing, mirrored: nothing, cached: nothing } },
  });

  const all = { npm: 'npm', images: 'oci', python: 'pypi', jars: 'maven', site: 'web' };
  const meant = async (text: string, packages?: Parameters<typeof api>[1], given?: string) => {
    const { route, name, version } = await findReference(api(all, packages), text, given);
    return [route, name, version];
  };

  test('is the one that has it, by its whole name', async () => {
    const packages = [
      ['python', 'requests'],
      ['npm', 'requests-like'],
    ] as const;
    expect(await meant('requests', packages)).toEqual(['python', 'requests', null]);
    expect(await meant('requests@2.0', packages)).toEqual(['python', 'requests', '2.0']);
    expect(await meant('org.example:thing', [['jars', 'org.example:thing']])).toEqual([
      'jars',
      'org.example:thing',
      null,
    ]);
    expect(await meant('acme/app:v1', [['images', 'acme/app']])).toEqual(['images', 'acme/app', 'v1']);
  });

  test('is the one that somebody names, in the words of its protocol', async () => {
    expect(await meant('org.example:thing@1', [], 'jars')).toEqual(['jars', 'org.example:thing', '1']);
    expect(await meant('acme/app:v1', [], 'images')).toEqual(['images', 'acme/app', 'v1']);
    expect(await meant('x', [], 'elsewhere')).toEqual(['elsewhere', 'x', null]);
    expect(asked).toEqual(['/routes']);
  });

  test('is the only one that there is', async () => {
    const found = await findReference(api({ python: 'pypi', site: 'web' }), 'requests@2.0', undefined);
    expect(found).toMatchObject({ route: 'python', name: 'requests', version: '2.0' });
    expect(asked).toEqual(['/routes']);
  });

  test('is told by the name where nobody has asked for it yet', async () => {
    expect(await meant('left-pad')).toEqual(['npm', 'left-pad', null]);
    expect(await meant('@acme/ui')).toEqual(['npm', '@acme/ui', null]);
    expect(await meant('acme/app')).toEqual(['images', 'acme/app', null]);
    const two = await findReference(api({ team: 'npm', npm: 'npm' }), 'left-pad', undefined);
    expect(two.route).toBe('npm');
  });

  test('has to be said where there are several, or where nothing tells', async () => {
    const packages = [
      ['python', 'tool'],
      ['npm', 'tool'],
    ] as const;
    await expect(meant('tool', packages)).rejects.toThrow(/Several routes have tool: .* \(npm, python\)/);
    const none = findReference(api({ python: 'pypi', jars: 'maven' }), 'tool', undefined);
    await expect(none).rejects.toThrow(UsageError);
    await expect(none).rejects.toThrow(/\(python, jars\)/);
  });
});

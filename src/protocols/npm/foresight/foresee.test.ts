import { afterEach, describe, expect, test } from 'bun:test';
import type { Foreseen, Plan } from '../../../foresight.ts';
import type { Ask } from '../../../parent.ts';
import { choicesResource } from '../name.ts';
import type { PolicyOptions } from '../policy/policy.ts';
import { closeWorld, exchangeOf, integrityOf, Origin, upstream } from '../world.contract.ts';

afterEach(closeWorld);

type Manifests = Readonly<Record<string, Readonly<Record<string, object>>>>;

/** A registry with these packages, whose highest version is the latest, and an origin that pulls from it. */
function world(packages: Manifests, policy: PolicyOptions | null = null, modified?: string) {
  const state = { isUp: true };
  const registry = upstream((request) => {
    const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
    if (!state.isUp) return new Response('{}', { status: 503 });
    const [name = '', file] = path.split('/-/');
    if (file !== undefined) return new Response(`tarball ${file}`);
    const versions = packages[name];
    if (versions === undefined) return new Response('{}', { status: 404 });
    const numbers = Object.keys(versions).toSorted(Bun.semver.order);
    const manifests = numbers.map((version): [string, object] => {
      const tarball = `${registry.url}/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
      const integrity = integrityOf(`tarball ${tarball.split('/').at(-1)}`);
      return [version, { name, version, ...versions[version], dist: { tarball, integrity } }];
    });
    return Response.json({
      name,
      'dist-tags': { latest: numbers.at(-1) },
      versions: Object.fromEntries(manifests),
      ...(modified !== undefined && { modified }),
    });
  });
  const origin = new Origin({ remotes: [registry], policy });

  async function plan(tool: string, name: string, more: Record<string, string> = {}): Promise<Plan> {
    const about = { tool, os: 'linux', cpu: 'x64', libc: 'glibc', name, ...more };
    const question = new URLSearchParams(about).toString();
    const exchange = exchangeOf('/');
    const named = choicesResource('npm', name, {});
    const { signal } = new AbortController();
    const ask: Ask = { exchange, named, stored: null, background: false, reload: false, signal };
    return origin.protocol.foresight!.foresee(question, { ask, door: origin.door });
  }
  const foreseen = async (...args: Parameters<typeof plan>) => wordsOf((await plan(...args)).foreseen);
  return { state, registry, origin, plan, foreseen };
}

/** `/left` documents, `left-1.0.0` files. */
const wordsOf = (all: readonly Foreseen[]) =>
  all.map(({ target }) => decodeURIComponent(target).replace(/.*\/-\/(.*)\.tgz$/, '$1'));

const needs = (...names: string[]) => ({
  dependencies: Object.fromEntries(names.map((each) => each.split('@') as [string, string])),
});

describe('who asks for a document with npm', () => {
  test('wants documents level by level, and then all files, the last one first', async () => {
    const { foreseen } = world({
      top: { '1.0.0': needs('left@^1.0.0') },
      left: { '1.0.0': {}, '1.2.0': needs('deep@*') },
      deep: { '3.0.0': {} },
    });
    expect(await foreseen('npm', 'top')).toEqual(['/left', '/deep', 'deep-3.0.0', 'left-1.2.0', 'top-1.0.0']);
  });

  test('installs once what will do for all, and twice what will not', async () => {
    const { foreseen } = world({
      top: { '1.0.0': needs('a@1', 'b@1', 'c@1') },
      a: { '1.0.0': needs('shared@~1.0.0') },
      b: { '1.0.0': needs('shared@>=1.0.0') },
      c: { '1.0.0': needs('shared@^2.0.0') },
      shared: { '1.0.3': {}, '2.1.0': {} },
    });
    const files = (await foreseen('npm', 'top')).filter((word) => word.startsWith('shared'));
    expect(files).toEqual(['shared-2.1.0', 'shared-1.0.3']);
  });

  test('reads of what is for other platforms, and fetches it not, nor what only that needs', async () => {
    const { foreseen } = world({
      top: { '1.0.0': { optionalDependencies: { mac: '1', linux: '1' } } },
      mac: { '1.0.0': { os: ['darwin'], ...needs('helper@1') } },
      linux: { '1.0.0': { os: ['linux'] } },
      helper: { '1.0.0': {} },
    });
    expect(await foreseen('npm', 'top')).toEqual([
      ...['/linux', '/mac', '/helper'],
      ...['linux-1.0.0', 'top-1.0.0'],
    ]);
  });

  test('installs peers, and only reads of those that need not be there', async () => {
    const { foreseen } = world({
      top: {
        '1.0.0': {
          peerDependencies: { peer: '^1.0.0', maybe: '1' },
          peerDependenciesMeta: { maybe: { optional: true } },
        },
      },
      peer: { '1.4.0': {} },
      maybe: { '1.0.0': needs('never@1') },
      never: { '1.0.0': {} },
    });
    expect((await foreseen('npm', 'top')).toSorted()).toEqual(['/maybe', '/peer', 'peer-1.4.0', 'top-1.0.0']);
  });

  test('is told of another package than it is called by, and of none that is not from a registry', async () => {
    const { foreseen } = world({
      top: { '1.0.0': { dependencies: { left: 'npm:right@1', far: 'someone/far' } } },
      right: { '1.0.0': {} },
    });
    expect(await foreseen('npm', 'top')).toEqual(['/right', 'right-1.0.0', 'top-1.0.0']);
  });

  test('goes in circles no more than once', async () => {
    const { foreseen } = world({ a: { '1.0.0': needs('b@1') }, b: { '1.0.0': needs('a@1') } });
    expect(await foreseen('npm', 'a')).toEqual(['/b', 'b-1.0.0', 'a-1.0.0']);
  });

  test('is told of the rest where something is missing', async () => {
    const { foreseen, plan } = world({ top: { '1.0.0': needs('gone@1', 'left@1') }, left: { '1.0.0': {} } });
    expect(await foreseen('npm', 'top')).toEqual(['/gone', '/left', 'left-1.0.0', 'top-1.0.0']);
    expect(await plan('npm', 'nothing')).toEqual({ foreseen: [], isWhole: true });
  });
});

describe('others', () => {
  const packages = {
    top: { '1.0.0': { ...needs('a@1', 'b@1'), peerDependencies: { peer: '1' } } },
    a: { '1.0.0': needs('shared@~1.0.0') },
    b: { '1.0.0': needs('shared@>=1.0.0') },
    shared: { '1.0.3': {}, '2.1.0': {} },
    peer: { '1.0.0': {} },
  };

  // Documents are read together, so that what is on one level may be found in any order.
  test('choose for each range by itself, and fetch files as they find them', async () => {
    const found = await world(packages).foreseen('pnpm', 'top');
    expect(found[0]).toBe('top-1.0.0');
    expect(found.toSorted()).toEqual([
      ...['/a', '/b', '/peer', '/shared', 'a-1.0.0', 'b-1.0.0'],
      ...['peer-1.0.0', 'shared-1.0.3', 'shared-2.1.0', 'top-1.0.0'],
    ]);
    for (const name of ['a', 'b', 'peer']) {
      expect(found.indexOf(`${name}-1.0.0`)).toBe(found.indexOf(`/${name}`) + 1);
    }
    expect(found.find((word) => word.includes('shared'))).toBe('/shared');
  });

  test('leave peers to the project, and fetch files in the end', async () => {
    const found = await world(packages).foreseen('yarn', 'top');
    expect(found.slice(0, 3).toSorted()).toEqual(['/a', '/b', '/shared']);
    expect(found[3]).toBe('top-1.0.0');
    expect(found.slice(4).toSorted()).toEqual(['a-1.0.0', 'b-1.0.0', 'shared-1.0.3', 'shared-2.1.0']);
  });
});

describe('who has a lock file', () => {
  const packages = {
    top: { '1.0.0': needs('left@^1.0.0'), '2.0.0': {} },
    left: { '1.0.0': {}, '1.1.0': {}, '1.2.0': {} },
  };

  test('is told of files alone: of what others have been given, with good hope', async () => {
    const { origin, plan } = world(packages);
    await origin.get('/left/-/left-1.1.0.tgz');
    await origin.get('/top/-/top-1.0.0.tgz');
    const { foreseen } = await plan('pnpm', 'top', { locked: '1.0.0' });
    expect(wordsOf(foreseen)).toEqual(['top-1.0.0', 'left-1.1.0']);
    expect(foreseen[1]?.likelihood).toBeGreaterThanOrEqual(0.8);
    expect(foreseen[1]?.bytes).toBe('tarball left-1.1.0.tgz'.length);
  });

  test('is told of the newest that others have been given, with the less hope, the more there are', async () => {
    const { origin, plan } = world(packages);
    await origin.get('/top/-/top-1.0.0.tgz');
    const hopes: number[] = [];
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
      await origin.get(`/left/-/left-${version}.tgz`);
      const { foreseen } = await plan('pnpm', 'top', { locked: '1.0.0' });
      expect(wordsOf(foreseen)).toEqual(['top-1.0.0', `left-${version}`]);
      hopes.push(foreseen[1]?.likelihood ?? 0);
    }
    expect(hopes).toEqual([...hopes].sort((a, b) => b - a));
    expect(new Set(hopes).size).toBe(3);
  });

  test('is told of the newest with little hope, where nobody has been given any', async () => {
    const { origin, plan } = world(packages);
    for (const name of ['top', 'left']) await origin.get(`/${name}`);
    const { foreseen } = await plan('pnpm', 'top', { locked: '1.0.0' });
    expect(wordsOf(foreseen)).toEqual(['top-1.0.0', 'left-1.2.0']);
    expect(foreseen[1]?.likelihood).toBeLessThan(0.5);
  });

  test('has no registry asked for anything', async () => {
    const { origin, registry, foreseen } = world(packages);
    await origin.get('/top/-/top-1.0.0.tgz');
    const before = registry.seen.length;
    expect(await foreseen('pnpm', 'top', { locked: '1.0.0' })).toEqual(['top-1.0.0']);
    expect(registry.seen).toHaveLength(before);
  });
});

describe('which version is meant', () => {
  const packages = { top: { '1.0.0': {}, '1.5.0': {}, '2.0.0': {} } };

  test('is the latest one, as far as nobody has asked for another', async () => {
    const { foreseen } = await world(packages).plan('npm', 'top');
    expect(wordsOf(foreseen)).toEqual(['top-2.0.0']);
    expect(foreseen[0]?.likelihood).toBeLessThan(0.8);
  });

  test('is the newest one of those that people here use', async () => {
    const { origin, plan } = world(packages);
    await origin.get('/top/-/top-1.0.0.tgz');
    const { foreseen } = await plan('npm', 'top');
    expect(wordsOf(foreseen)).toEqual(['top-1.5.0']);
    expect(foreseen[0]?.likelihood).toBeGreaterThan(0.8);
  });

  test('is the one that they have, if nobody has taken a newer one that has been there for days', async () => {
    const { origin, plan } = world(packages, null, '2026-01-01T00:00:00.000Z');
    await origin.get('/top/-/top-1.0.0.tgz');
    expect(wordsOf((await plan('npm', 'top')).foreseen)).toEqual(['top-1.0.0']);
  });

  test('is less sure where people here use several', async () => {
    const { origin, plan } = world(packages);
    for (const version of ['1.0.0', '2.0.0']) await origin.get(`/top/-/top-${version}.tgz`);
    const { foreseen } = await plan('npm', 'top');
    expect(wordsOf(foreseen)).toEqual(['top-2.0.0', 'top-1.5.0']);
    for (const { likelihood } of foreseen) expect(likelihood).toBeLessThan(0.8);
  });
});

describe('where several versions may be meant', () => {
  const packages = {
    top: {
      '1.5.0': needs('shared@1', 'both@1', 'old@1'),
      '2.5.0': needs('shared@1', 'both@2', 'new@1'),
    },
    shared: { '1.0.0': {} },
    both: { '1.0.0': {}, '2.0.0': {} },
    old: { '1.0.0': {} },
    new: { '1.0.0': needs('deep@1') },
    deep: { '1.0.0': {} },
  };
  const hanging = ({ foreseen }: Plan) =>
    Object.fromEntries(
      foreseen.map(({ target, once = null }) => [
        wordsOf([{ target }])[0],
        once?.map((each) => wordsOf([{ target: each }])[0]) ?? null,
      ]),
    );

  test('documents of the latest one are foreseen, and files once the client asks for what only this one needs', async () => {
    expect(hanging(await world(packages).plan('npm', 'top'))).toEqual({
      ...{ '/shared': null, '/both': null, '/new': null, '/deep': null },
      ...{ 'top-2.5.0': ['/new', 'top-2.5.0'], 'shared-1.0.0': ['/new', 'top-2.5.0'] },
      ...{ 'both-2.0.0': ['/new', 'top-2.5.0'], 'new-1.0.0': ['/new', 'top-2.5.0'] },
      'deep-1.0.0': ['/new', 'top-2.5.0'],
    });
  });

  test.each(['npm', 'pnpm', 'yarn', 'berry', 'bun'])(
    'of those in use, each waits for what shows it, for %s',
    async (tool) => {
      const { origin, plan } = world(packages);
      for (const version of ['1.5.0', '2.5.0']) await origin.get(`/top/-/top-${version}.tgz`);
      expect(hanging(await plan(tool, 'top'))).toEqual({
        ...{ '/shared': null, '/both': null, '/new': null, '/deep': null, '/old': ['/old', 'top-1.5.0'] },
        ...{ 'top-2.5.0': ['/new', 'top-2.5.0'], 'top-1.5.0': ['/old', 'top-1.5.0'] },
        ...{ 'both-2.0.0': ['/new', 'top-2.5.0'], 'both-1.0.0': ['/old', 'top-1.5.0'] },
        ...{ 'new-1.0.0': ['/new', 'top-2.5.0'], 'deep-1.0.0': ['/new', 'top-2.5.0'] },
        ...{ 'old-1.0.0': ['/old', 'top-1.5.0'], 'shared-1.0.0': null },
      });
    },
  );

  test('a client who names the very version in the end is told as much by its file', async () => {
    const same = { '1.0.0': needs('left@1'), '2.0.0': needs('left@2') };
    const { plan } = world({ top: same, left: { '1.0.0': {}, '2.0.0': {} } });
    expect(hanging(await plan('npm', 'top'))).toEqual({
      ...{ '/left': null, 'top-2.0.0': ['top-2.0.0'], 'left-2.0.0': ['top-2.0.0'] },
    });
  });

  test('one that is alone in its line, or needs nothing, waits for nothing', async () => {
    const alone = await world({ top: { '1.0.0': needs('left@1') }, left: { '1.0.0': {} } }).plan(
      'npm',
      'top',
    );
    expect(hanging(alone)).toEqual({ '/left': null, 'top-1.0.0': null, 'left-1.0.0': null });
    const nothing = world({ top: { '1.0.0': needs('left@1'), '2.0.0': {} }, left: { '1.0.0': {} } });
    expect(hanging(await nothing.plan('npm', 'top'))).toEqual({ 'top-2.0.0': null });
  });
});

describe('what there is to choose from', () => {
  const packages = { top: { '1.0.0': needs('left@1') }, left: { '1.0.0': {} } };

  test('is made along with documents: no registry is asked again', async () => {
    const { origin, registry, foreseen } = world(packages);
    for (const name of ['top', 'left']) await origin.get(`/${name}`);
    const before = registry.seen.length;
    expect(await foreseen('npm', 'top', { form: 'full' })).toHaveLength(3);
    expect(registry.seen).toHaveLength(before);
  });

  test('is made of a document that is there, if it is not, and confirmed without parsing', async () => {
    const { origin, foreseen, registry } = world(packages);
    for (const name of ['top', 'left']) await origin.get(`/${name}`);
    for (const key of [...origin.stored.keys()]) if (key.includes(' choices/')) origin.stored.delete(key);
    const before = registry.seen.length;
    expect(await foreseen('npm', 'top', { form: 'full' })).toHaveLength(3);
    expect(registry.seen).toHaveLength(before);
  });

  test('lacks what the policy refuses', async () => {
    const refusing = world(packages, { blocked: ['left@1.0.0'], provenance: [] });
    expect(await refusing.foreseen('npm', 'top')).toEqual(['/left', 'top-1.0.0']);
  });
});

test('a question that makes no sense is refused', async () => {
  const { plan } = world({});
  await expect(plan('cargo', 'left')).rejects.toMatchObject({ code: 'request-malformed' });
});

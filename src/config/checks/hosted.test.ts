import { describe, expect, test } from 'bun:test';
import { npm, oci, postgres, s3 } from '../define.ts';
import { formatMistake } from '../mistake.ts';
import { parseNetwork } from '../network.ts';

const origin = { role: 'origin', listen: [{ port: 1 }] };
const other = { ...origin, listen: [{ port: 2 }] };

function mistakes(route: Parameters<typeof npm>[0], nodes: object): string[] {
  return mistakesIn(npm(route), nodes);
}

function mistakesIn(route: object, nodes: object): string[] {
  const input = { secret: 'x'.repeat(32), nodes, routes: [route] };
  const result = parseNetwork(input, { configDir: '/etc/meridian', env: {}, overrides: {} });
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

describe('what is published', () => {
  const route = { upstreams: [], hosted: { scopes: ['@acme'], names: ['left-pad'] } };

  test('is kept by one origin, or by one store of all', () => {
    expect(mistakes(route, { origin })).toEqual([]);
    expect(mistakes(route, { origin, other })).toEqual([
      'routes[0].npm.hosted: expected packages that one store keeps, found a store of its own at origin. Give every origin the same `store: { metadata: postgres(…), blobs: s3(…) }`, or have one origin.',
    ]);
    const store = {
      metadata: postgres({ url: 'postgres://meridian@db.example.com/meridian' }),
      blobs: s3({ bucket: 'packages', region: 'eu-central-1' }),
    };
    expect(mistakes(route, { origin: { ...origin, store }, other: { ...other, store } })).toEqual([]);
  });

  test('has a scope that no upstream claims', () => {
    const upstreams = [{ url: 'http://a.example', scopes: ['@acme'] }];
    expect(mistakes({ ...route, upstreams }, { origin })).toEqual([
      'routes[0].npm.hosted.scopes: expected scopes that no upstream claims, found @acme',
    ]);
  });

  test('has names as new packages have them', () => {
    for (const name of ['Left', 'a b', '@acme', '../x'])
      expect(mistakes({ hosted: { names: [name] } }, { origin })[0]).toContain(
        'a package name in lower case',
      );
  });
});

describe('an image that lives here', () => {
  test('is kept by one origin, or by one store of all', () => {
    const route = oci({ hosted: { names: ['acme/*'] } });
    expect(mistakesIn(route, { origin })).toEqual([]);
    expect(mistakesIn(route, { origin, other })[0]).toContain('expected images that one store keeps');
  });

  test('has a name that begins with no source', () => {
    const sources = [{ name: 'ghcr.io', url: 'https://ghcr.io' }];
    expect(mistakesIn(oci({ sources, hosted: { names: ['*', 'acme/*'] } }), { origin })).toEqual([]);
    expect(mistakesIn(oci({ sources, hosted: { names: ['ghcr.io/acme/*'] } }), { origin })).toEqual([
      'routes[0].oci.hosted.names: expected names that begin with no source, found ghcr.io/acme/*',
    ]);
  });

  test('has a name and tags as the specification has them', () => {
    for (const name of ['Acme/*', '/acme', 'acme/', 'a b'])
      expect(mistakesIn(oci({ hosted: { names: [name] } }), { origin })[0]).toContain('names of images');
    expect(mistakesIn(oci({ hosted: { immutableTags: ['-x'] } }), { origin })[0]).toContain('expected tags');
  });

  test('is kept by rules that say what stays', () => {
    const rules = (...retention: object[]) => mistakesIn(oci({ hosted: { retention } }), { origin });
    expect(rules({ keep: 3 }, { olderThanS: '14d' }, { untaggedS: '1d' }, { keepTags: ['v*'] })).toEqual([]);
    expect(rules({ keep: 3 }, { tags: ['pr-*'] })).toEqual([
      'routes[0].oci.hosted.retention[1]: expected one of keep, olderThanS, untaggedS and keepTags, found none of them',
    ]);
    expect(rules({ keep: 0 })[0]).toContain('a whole number from 1 to 10000');
    expect(rules({ olderThanS: '5m' })[0]).toContain('a duration');
  });
});

test('images go ahead of time to PoPs and shields that there are', () => {
  const pop = { role: 'pop', listen: [{ port: 3 }], parents: ['origin'] };
  const mistakesFor = (...to: string[]) =>
    mistakesIn(oci({ replication: [{ repositories: ['acme/*'], to }] }), { origin, 'pop-eu': pop });
  expect(mistakesFor('pop-*', 'pop-eu')).toEqual([]);
  expect(mistakesFor('origin')).toEqual([
    "routes[0].oci.replication[0].to[0]: expected the name of a PoP or a shield of this network, or a pattern of some, found 'origin'",
  ]);
  expect(mistakesFor('pop-ue')[0]).toEndWith('Did you mean pop-eu?');
});

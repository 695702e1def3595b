import { describe, expect, test } from 'bun:test';
import { npm } from './define.ts';
import { cargo, fileTree, huggingface, pypi } from './define-ecosystems.ts';
import { ecosystems } from './ecosystems.ts';
import { forNode } from './for-node.ts';
import { parseNetwork } from './network.ts';

const store = { metadata: { postgres: { url: 'postgres://m@db.example/m' } } };

function parsed(routes: readonly unknown[], nodes: Record<string, unknown> = {}) {
  return parseNetwork(
    {
      secret: 'a secret that is long enough for this',
      nodes: {
        origin: { role: 'origin', listen: [{ port: 1 }] },
        pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'] },
        ...nodes,
      },
      routes,
    },
    { configDir: '/w', env: {}, overrides: {} },
  );
}

function network(routes: readonly unknown[]) {
  const result = parsed(routes);
  if (!result.ok) throw new Error(JSON.stringify(result.mistakes));
  return result.network;
}

function mistakes(routes: readonly unknown[], nodes?: Record<string, unknown>) {
  const result = parsed(routes, nodes);
  return result.ok ? [] : result.mistakes.map(({ path, found }) => `${path}: ${found}`);
}

describe('a route for an ecosystem', () => {
  test.each(Object.keys(ecosystems))('of %s needs nothing but its name', (protocol) => {
    const [route] = network([{ protocol }]).routes;
    expect(route).toMatchObject({ protocol, name: protocol, access: 'open', offline: false });
    expect(route?.match.path).toBe(protocol === 'huggingface' ? '/hf' : `/${protocol}`);
    expect(Object.entries(route ?? {}).find(([name]) => name === protocol)?.[1]).toMatchObject({
      mirror: {},
      ahead: { atOnce: 4 },
      metadata: { freshS: 60 },
      maxIndexBytes: 128 * 2 ** 20,
    });
  });

  test('says what lives there, and where the rest comes from', () => {
    const [route] = network([
      pypi({
        ...{ name: 'python', match: { path: '/py' }, access: 'closed', offline: true },
        upstreams: [{ url: 'https://one.example/simple/', names: ['acme-*'] }],
        hosted: { names: ['internal-*'], quota: { versions: 10 } },
      }),
    ]).routes;
    expect(route).toMatchObject({
      ...{ name: 'python', match: { path: '/py' }, access: 'closed', offline: true },
      pypi: {
        upstreams: [{ url: 'https://one.example/simple', names: ['acme-*'], internalHosts: [] }],
        hosted: { names: ['internal-*'], public: [], quota: { versions: 10 } },
      },
    });
  });

  test('stands beside the others, each at its own path', () => {
    const all = network([cargo(), huggingface(), fileTree(), pypi(), npm()]).routes;
    expect(all.map(({ match }) => match.path)).toEqual(['/cargo', '/hf', '/files', '/pypi', '']);
  });

  test('has a policy, whose feed lies beside the config file', () => {
    const policy = { blocked: ['left-pad@<2', 'acme-*'], advisories: { path: 'osv' } };
    const [route] = network([cargo({ policy })]).routes;
    expect(route).toMatchObject({
      cargo: { policy: { blocked: ['left-pad@<2', 'acme-*'], advisories: { path: '/w/osv', checkS: 60 } } },
    });
  });

  test('is told of the credentials of its upstreams at origins alone', () => {
    const upstreams = [{ url: 'https://one.example', authorization: 'Basic hunter2', names: ['a*'] }];
    const whole = network([cargo({ upstreams }), pypi()]);
    expect(JSON.stringify(forNode(whole, 'origin'))).toContain('hunter2');
    const told = forNode(whole, 'pop');
    expect(JSON.stringify(told)).not.toContain('hunter2');
    expect(told.routes[0]).toMatchObject({ cargo: { upstreams: [{ url: 'https://one.example' }] } });
    expect(told.routes[1]).toEqual(whole.routes[1]!);
  });
});

describe('it is a mistake', () => {
  test('when an upstream claims what lives here', () =>
    expect(
      mistakes([
        pypi({ hosted: { names: ['a-*'] }, upstreams: [{ url: 'http://x.example', names: ['a-*'] }] }),
      ]),
    ).toEqual(['routes[0].pypi.hosted.names: a-*']));

  test('when something lives here that two origins keep apart', () =>
    expect(
      mistakes([fileTree({ hosted: { names: ['*'] } })], {
        other: { role: 'origin', listen: [{ port: 3 }], store },
      }),
    ).toEqual(['routes[0].files.hosted: a store of its own at origin']));

  test('when a name has blanks', () =>
    expect(mistakes([cargo({ hosted: { names: ['a b'] } })])).toEqual([
      "routes[0].cargo.hosted.names[0]: 'a b'",
    ]));
});

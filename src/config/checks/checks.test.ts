import { describe, expect, test } from 'bun:test';
import { local, nats, npm, oci, redis, web } from '../define.ts';
import { formatMistake } from '../mistake.ts';
import { type ParseOptions, parseNetwork } from '../network.ts';

const origin = { role: 'origin', listen: [{ port: 1 }] };
const secret = 'x'.repeat(32);

function mistakes(config: object, more: Partial<ParseOptions> = {}): string[] {
  const input = { secret, nodes: { origin }, routes: [npm()], ...config };
  const result = parseNetwork(input, { configDir: '/etc/meridian', env: {}, overrides: {}, ...more });
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

describe('topology', () => {
  const pop = (port: number, ...parents: string[]) => ({ role: 'pop', listen: [{ port }], parents });
  const shield = (port: number, ...parents: string[]) => ({ role: 'shield', listen: [{ port }], parents });

  test('may have one origin, shields over shields, and PoPs that skip them', () => {
    const nodes = {
      origin,
      far: shield(2, 'origin'),
      near: shield(3, 'far', 'origin'),
      a: pop(4, 'near', 'far'),
      b: pop(5, 'origin'),
    };
    expect(mistakes({ nodes })).toEqual([]);
    expect(mistakes({})).toEqual([]);
  });

  const wrong: [string, object, string][] = [
    [
      'a PoP without parents',
      { a: pop(2) },
      'nodes.a.parents: expected at least one parent, because a pop asks others on a miss, found an empty list',
    ],
    [
      'an origin with parents',
      { up: { ...origin, listen: [{ port: 2 }], parents: ['origin'] } },
      'nodes.up.parents: expected no parents, because an origin asks upstreams, found origin',
    ],
    [
      'a parent that does not exist',
      { a: pop(2, 'orign') },
      "nodes.a.parents[0]: expected the name of a node of this network, found 'orign'. Did you mean origin?",
    ],
    [
      'itself',
      { s: shield(2, 's', 'origin') },
      'nodes.s.parents[0]: expected another node, found the node itself',
    ],
    [
      'a parent twice',
      { a: pop(2, 'origin', 'origin') },
      "nodes.a.parents[1]: expected each parent once, found 'origin' again",
    ],
    [
      'a PoP that asks a PoP',
      { a: pop(2, 'origin'), b: pop(3, 'a') },
      'nodes.b.parents[0]: expected a shield or an origin, for a pop, found a, a pop',
    ],
    [
      'a circle of shields',
      { a: shield(2, 'b', 'origin'), b: shield(3, 'c', 'origin'), c: shield(4, 'a', 'origin') },
      'nodes.a.parents: expected a way that ends at an origin, found a circle: a → b → c → a',
    ],
  ];
  test.each(wrong)('may not have %s', (_, nodes, expected) => {
    expect(mistakes({ nodes: { origin, ...nodes } })).toEqual([expected]);
  });
});

describe('settings of another role', () => {
  const network = (of: { origin?: object; shield?: object; pop?: object }) => ({
    nodes: {
      origin: { ...origin, ...of.origin },
      shield: { role: 'shield', listen: [{ port: 2 }], parents: ['origin'], ...of.shield },
      pop: { role: 'pop', listen: [{ port: 3 }], parents: ['shield'], ...of.pop },
    },
  });

  test('are told of, as nothing would come of them', () => {
    const bounds = { predict: { atOnce: 8 }, prefetch: {} };
    const predict = 'expected nothing, because only a PoP fetches what its clients are going to ask for';
    expect(mistakes(network({ origin: bounds, shield: bounds, pop: bounds }))).toEqual([
      `nodes.origin.predict: ${predict}, found an object with atOnce`,
      'nodes.origin.prefetch: expected nothing, because an origin tells others what to have, found an empty object',
      `nodes.shield.predict: ${predict}, found an object with atOnce`,
    ]);
  });

  test('may be turned off where they are off anyway', () => {
    const off = { predict: false };
    expect(mistakes(network({ origin: off, shield: off, pop: off }))).toEqual([]);
  });
});

describe('listeners', () => {
  const two = (one: object, other: object) => ({
    nodes: { origin: { ...origin, ...one }, pop: { role: 'pop', parents: ['origin'], ...other } },
  });
  const clash =
    'nodes.pop.listen[0].port: expected a port of its own, found 80, the port of nodes.origin.listen[0]. If these nodes run on different machines, give each its `url`.';

  test.each([
    ['the same address', '127.0.0.1', '127.0.0.1'],
    ['one address and all of them', '127.0.0.1', '0.0.0.0'],
    ['all addresses of both families', '::', '0.0.0.0'],
  ])('may not share a port on %s', (_, one, other) => {
    expect(
      mistakes(two({ listen: [{ host: one, port: 80 }] }, { listen: [{ host: other, port: 80 }] })),
    ).toEqual([clash]);
  });

  test('may share a port on different addresses, or on different machines', () => {
    const listen = [{ host: '0.0.0.0', port: 80 }];
    expect(mistakes(two({ listen: [{ port: 80 }] }, { listen: [{ host: '127.0.0.2', port: 80 }] }))).toEqual(
      [],
    );
    const far = two({ listen, url: 'http://a.example' }, { listen, url: 'http://b.example' });
    expect(mistakes({ ...far, bus: nats({ servers: ['nats://a.example'] }) })).toEqual([]);
    expect(
      mistakes(two({ listen, url: 'http://a.example' }, { listen, url: 'http://a.example:8080' })),
    ).toEqual([clash]);
  });

  test('of one node may not share a port', () => {
    expect(mistakes({ nodes: { origin: { ...origin, listen: [{ port: 80 }, { port: 80 }] } } })).toEqual([
      'nodes.origin.listen[1].port: expected a port of its own, found 80, the port of nodes.origin.listen[0]',
    ]);
  });

  test('that others ask must be reachable', () => {
    const pop = { listen: [{ port: 2 }] };
    expect(mistakes(two({ listen: [{ port: 0 }] }, pop))).toEqual([
      'nodes.origin.url: expected the address under which other nodes reach this one, found nothing, and port 0 is not known beforehand',
    ]);
    expect(mistakes(two({ listen: [{ port: 1, proxyProtocol: true }] }, pop))).toEqual([
      'nodes.origin.url: expected the address under which other nodes reach this one, found nothing, and every listener wants the PROXY protocol',
    ]);
    expect(mistakes(two({ listen: [{ port: 0 }], url: 'http://a.example' }, pop))).toEqual([]);
    expect(mistakes(two({}, { listen: [{ port: 0 }, { port: 0 }] }))).toEqual([]);
  });

  test('of a PoP belong to several processes, those of an origin to one', () => {
    const listen = [{ port: 2, proxyProtocol: true }];
    const trusted = { listen, trustedProxies: ['10.0.0.0/8'] };
    expect(mistakes(two({}, { ...trusted, workers: 'auto' }))).toEqual([]);
    expect(mistakes(two({ workers: 2 }, { listen: [{ port: 2 }], workers: 'auto' }))).toEqual([
      'nodes.origin.workers: expected 1, because an origin is one process, found 2',
    ]);
  });

  test('need certificates that can be read', () => {
    const listen = [{ port: 1, tls: { cert: 'tls/cert.pem', key: '/key.pem' } }];
    const missingFiles = new Map([
      ['/etc/meridian/tls/cert.pem', 'ENOENT'],
      ['/key.pem', 'EACCES'],
    ]);
    expect(mistakes({ nodes: { origin: { ...origin, listen } } }, { missingFiles })).toEqual([
      'nodes.origin.listen[0].tls.cert: expected a PEM file that can be read, found ENOENT at /etc/meridian/tls/cert.pem',
      'nodes.origin.listen[0].tls.key: expected a PEM file that can be read, found EACCES at /key.pem',
    ]);
  });
});

describe('storage', () => {
  test('holds at least one of its largest entries', () => {
    const node = {
      ...origin,
      memory: { bytes: '1 MiB', objectBytes: '4 MiB' },
      disk: { bytes: '1 GiB', objectBytes: '2 GiB' },
    };
    expect(mistakes({ nodes: { origin: node } })).toEqual([
      'nodes.origin.memory.objectBytes: expected at most nodes.origin.memory.bytes, which is 1048576, found 4194304',
      'nodes.origin.disk.objectBytes: expected at most nodes.origin.disk.bytes, which is 1073741824, found 2147483648',
    ]);
  });

  test('may be small without saying how small its entries have to be', () => {
    const node = { ...origin, memory: { bytes: '1 MiB' }, disk: { bytes: '1 GiB' } };
    expect(mistakes({ nodes: { origin: node } })).toEqual([]);
  });

  test('is not shared by nodes of one machine', () => {
    const dataDir = '/srv/cache';
    const nodes = {
      origin: { ...origin, dataDir },
      pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'], dataDir: '/srv/cache/' },
    };
    expect(mistakes({ nodes })).toEqual([
      'nodes.pop.dataDir: expected a folder of its own, found /srv/cache, the folder of origin. If these nodes run on different machines, give each its `url`.',
    ]);
  });
});

describe('routes', () => {
  const to = (name: string, match: object) => web({ name, match, upstream: 'http://a.example' });

  test('have names of their own', () => {
    expect(mistakes({ routes: [npm({ match: { path: '/a' } }), npm({ match: { path: '/b' } })] })).toEqual([
      "routes[1].name: expected a name of its own, found 'npm', the name of routes[0]. Add a `name` to one of them.",
    ]);
  });

  test('let a shield keep for no less time what a PoP keeps', () => {
    const keeping = (freshness: object) => [web({ upstream: 'http://a.example', freshness })];
    expect(mistakes({ routes: keeping({ freshS: 60, shieldS: '1d' }) })).toEqual([]);
    expect(mistakes({ routes: keeping({ shieldS: '1d' }) })).toEqual([
      'routes[0].web.freshness.shieldS: expected no less than freshS, found no freshS beside it',
    ]);
    expect(mistakes({ routes: keeping({ freshS: 60, shieldS: 10 }) })).toEqual([
      'routes[0].web.freshness.shieldS: expected no less than freshS, found 10 s, and freshS of 60 s',
    ]);
  });

  const shadowed: [string, object, object, boolean][] = [
    ['everything', {}, { path: '/a' }, true],
    ['the same', { path: '/a' }, { path: '/a' }, true],
    ['a shorter path', { path: '/a' }, { path: '/a/b' }, true],
    ['the beginning of a segment', { path: '/a' }, { path: '/ab' }, false],
    ['a longer path', { path: '/a/b' }, { path: '/a' }, false],
    ['all its hosts', { hosts: ['x.example', 'y.example'] }, { hosts: ['y.example'] }, true],
    ['some of its hosts', { hosts: ['x.example'] }, { hosts: ['x.example', 'y.example'] }, false],
    ['a pattern for its host', { hosts: ['*.example'] }, { hosts: ['a.b.example'] }, true],
    ['a pattern for its pattern', { hosts: ['*.example'] }, { hosts: ['*.b.example'] }, true],
    [
      'a pattern that does not cover the bare host',
      { hosts: ['*.b.example'] },
      { hosts: ['b.example'] },
      false,
    ],
    ['some hosts, of any', { hosts: ['x.example'] }, {}, false],
  ];
  test.each(shadowed)('behind one that matches %s', (_, first, second, hidden) => {
    const expected =
      'routes[1].match: expected a match that no earlier route takes away, found one whose every request goes to routes[0]. Put the more specific route first.';
    expect(mistakes({ routes: [to('first', first), to('second', second)] })).toEqual(
      hidden ? [expected] : [],
    );
  });

  test('may be hidden by several together', () => {
    const routes = [
      to('x', { hosts: ['x.example'] }),
      to('y', { hosts: ['y.example'] }),
      to('both', { hosts: ['x.example', 'y.example'] }),
    ];
    expect(mistakes({ routes })[0]).toContain('one whose every request goes to routes[0] and routes[1]');
  });
});

describe('key/value stores', () => {
  const kv = { near: { url: 'redis://127.0.0.1:1' }, far: { url: 'nats://127.0.0.1:2' } };
  const pop = (more: object) => ({ role: 'pop', listen: [{ port: 2 }], parents: ['origin'], ...more });
  const replicating = [npm({ replicate: {} })];

  test('are named by the nodes that use them', () => {
    const nodes = { origin, a: pop({ near: 'near', sharedMemory: { store: 'far' } }) };
    expect(mistakes({ kv, nodes, routes: replicating })).toEqual([]);
  });

  const wrong: [string, object, object, string][] = [
    [
      'a store that is not there',
      { near: 'nera' },
      {},
      "nodes.a.near: expected the name of a store in kv, found 'nera'. Did you mean near?",
    ],
    [
      'the same store twice',
      { near: 'near', sharedMemory: { store: 'near' } },
      {},
      "nodes.a.sharedMemory.store: expected another store than `near`, found 'near'",
    ],
    [
      'a store with the name of a node',
      { near: 'near' },
      { kv: { ...kv, a: kv.near } },
      "kv.a: expected a name that no node has, because responses name both, found 'a'",
    ],
    [
      'a route that nobody copies',
      {},
      { routes: replicating },
      'routes[0].replicate: expected at least one node with a store that is `near`, found none',
    ],
    [
      'an origin with a store',
      {},
      { nodes: { origin: { ...origin, near: 'near' } } },
      "nodes.origin.near: expected nothing, because an origin is where copies come from, found 'near'",
    ],
  ];
  test.each(wrong)('%s is a mistake', (_, node, network, message) => {
    expect(mistakes({ kv, nodes: { origin, a: pop(node) }, ...network })).toEqual([message]);
  });
});

describe('the bus', () => {
  const far = {
    origin: { ...origin, url: 'http://a.example' },
    pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'], url: 'http://b.example' },
  };

  test('has to reach nodes on other machines', () => {
    const [mistake, ...others] = mistakes({ nodes: far });
    expect(mistake).toStartWith(
      'bus: expected nats({ … }) or redis({ … }), because origin and pop are on different machines',
    );
    expect(others).toEqual([]);
    for (const bus of [
      nats({ servers: ['nats://a.example:4222'] }),
      redis({ url: 'rediss://a.example' }),
      local({ path: 'log.sqlite' }),
    ])
      expect(mistakes({ nodes: far, bus })).toEqual([]);
  });

  test('has servers that speak its protocol, for each node as well', () => {
    const pop = { ...far.pop, bus: { servers: ['redis://b.example'] } };
    expect(mistakes({ nodes: { ...far, pop }, bus: nats({ servers: ['redis://a.example'] }) })).toEqual([
      'bus.servers[0]: expected nats://… or tls://…, found redis://a.example',
      'nodes.pop.bus.servers[0]: expected nats://… or tls://…, found redis://b.example',
    ]);
    expect(mistakes({ nodes: { origin: { ...origin, bus: { servers: ['nats://a.example'] } } } })).toEqual([
      'nodes.origin.bus.servers: expected none, because the bus of this network is local, found nats://a.example',
    ]);
  });

  test('keeps passwords out of addresses, and does not repeat them', () => {
    const found = mistakes({ bus: redis({ url: 'redis://:hunter2@a.example' }) }).join();
    expect(found).toContain('bus.url: expected an address');
    expect(mistakes({ bus: { driver: 'rediss', url: 'redis://a.example' } })).toEqual([
      "bus.driver: expected 'local', 'nats' or 'redis', found 'rediss'. Did you mean redis?",
    ]);
  });
});

describe('what nodes always have', () => {
  const pop = { role: 'pop', listen: [{ port: 2 }], parents: ['origin'] };
  const config = (warm: object) => ({
    nodes: { origin, lhr: pop },
    routes: [
      npm({ match: { path: '/npm' } }),
      oci({ hosted: { names: ['*'] } }),
      web({ match: { path: '/www' }, upstream: 'http://www.example.com' }),
    ],
    warm: [warm],
  });

  test('is of a route, goes to nodes that there are, and is named with its version', () => {
    const good = [
      { route: 'npm', what: ['lodash@4.17.21', '@acme/ui@latest', '/npm/lodash'], to: ['lh*'] },
      { route: 'oci', what: ['acme/app:v1', '/v2/acme/app/manifests/v1'], to: ['lhr'] },
      { route: 'web', what: ['/www/index.html?a=1', '/www'], to: ['lhr'], everyS: '1h' },
    ];
    expect(good.flatMap((warm) => mistakes(config(warm)))).toEqual([]);
  });

  const wrong: [string, object, string][] = [
    ['a route', { route: 'nmp' }, "warm[0].route: expected the name of a route of this network, found 'nmp'"],
    ['a node', { to: ['lhrr'] }, 'warm[0].to[0]: expected the name of a PoP or a shield of this network'],
    ['an origin', { to: ['origin'] }, "found 'origin'"],
    [
      'a package without a version',
      { what: ['lodash'] },
      'warm[0].what[0]: expected a package with its version',
    ],
    [
      'an image without a tag',
      { route: 'oci', what: ['acme/app'] },
      'expected an image with its tag or digest',
    ],
    ['no path of the route', { what: ['/www/a'] }, 'expected a path of the route npm, which is at /npm'],
    [
      'a word for a web server',
      { route: 'web', what: ['a@1'] },
      'expected a path, as this is a route to a web',
    ],
    ['nothing', { what: [] }, 'warm[0].what: expected a list of at least one thing'],
  ];
  test.each(wrong)('refuses %s', (_, change, expected) => {
    const warm = { route: 'npm', what: ['lodash@1.0.0'], to: ['lhr'], ...change };
    expect(mistakes(config(warm))).toEqual([expect.stringContaining(expected)]);
  });
});

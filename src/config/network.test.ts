import { describe, expect, test } from 'bun:test';
import { defineNetwork, env, npm, web } from './define.ts';
import { embedded } from './embedded.ts';
import { formatMistake } from './mistake.ts';
import { type ParseOptions, parseNetwork } from './network.ts';

const options: ParseOptions = { configDir: '/etc/meridian', env: {}, overrides: {} };
const secret = 'correct horse battery staple, twice over';

const origin = { role: 'origin', listen: [{ port: 4870 }] } as const;
const pop = { role: 'pop', listen: [{ port: 4873 }], parents: ['origin'] } as const;

/** A valid network, changed. */
function input(change: object = {}): object {
  return { nodes: { origin, pop }, routes: [npm()], ...change };
}

function parsed(config: object, more: Partial<ParseOptions> = {}) {
  const result = parseNetwork(config, { ...options, ...more });
  if (!result.ok) throw new Error(result.mistakes.map(formatMistake).join('\n'));
  return result.network;
}

function mistakes(config: unknown, more: Partial<ParseOptions> = {}): string[] {
  const result = parseNetwork(config, { ...options, ...more });
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

describe('a valid config', () => {
  test('comes out complete: defaults, absolute paths, addresses', () => {
    const { name, dataDir, bus, nodes, routes } = parsed(input());
    expect(bus).toEqual({
      driver: 'local',
      path: '/etc/meridian/.meridian/bus/log.sqlite',
      keep: { events: 1_000_000, ageS: 7 * 86_400 },
      publishMs: 5000,
    });
    expect({ name, dataDir }).toEqual({ name: 'meridian', dataDir: '/etc/meridian/.meridian' });
    expect(nodes.pop).toEqual({
      name: 'pop',
      role: 'pop',
      dataDir: '/etc/meridian/.meridian/pop',
      listen: [
        {
          host: '127.0.0.1',
          port: 4873,
          http2: false,
          http3: false,
          informational: false,
          proxyProtocol: false,
        },
      ],
      url: 'http://127.0.0.1:4873',
      http2: false,
      packs: true,
      parents: ['origin'],
      peers: [],
      failover: {
        failures: 5,
        ejectS: 30,
        returnS: 30,
        checkS: 10,
        checkDownMs: 1000,
        checkTimeoutMs: 1000,
        silentMs: 500,
        retryPercent: 20,
        retriesAtLeast: 3,
        hedgePercent: 5,
        hedgeAfterMs: 10,
        ...{ connections: 1024, pending: 1024 },
      },
      remotes: { connections: 1024, pending: 1024, burst: 10, waitMs: 2000, pauseS: 300 },
      memory: { bytes: 256 * 2 ** 20, objectBytes: 4 * 2 ** 20 },
      disk: { bytes: 10 * 2 ** 30, objectBytes: 5 * 2 ** 30 },
      slices: { fromBytes: 64 * 2 ** 20, bytes: 8 * 2 ** 20 },
      limits: {
        targetBytes: 8192,
        headerFields: 100,
        headerBytes: 32_768,
        bodyBytes: 64 * 2 ** 20,
        blobBytes: 32 * 2 ** 30,
        fills: 1024,
        clients: 16_384,
      },
      timeouts: {
        connectMs: 3500,
        firstByteMs: 60_000,
        betweenBytesMs: 60_000,
        lockMs: 10_000,
        idleS: 60,
        drainMs: 30_000,
      },
      abandonedFills: { finishBytes: 64 * 2 ** 20, finishRequests: 3 },
      ...{ trustedProxies: [], forwardingField: 'x-forwarded-for' },
      predict: expect.objectContaining({ atOnce: 128, learn: true }),
      ...{ prefetch: { atOnce: 4, diskPercent: 50 }, cacheStatusKey: false, workers: 'auto' },
      hot: expect.objectContaining({ perSecond: 10_000, viralPerSecond: 50_000, everyS: 5, keepS: 60 }),
      bus: { servers: [] },
      accessLog: expect.objectContaining({ path: '/etc/meridian/.meridian/pop/access.log' }),
      telemetry: { otlp: false, traces: expect.objectContaining({ oneIn: 1000, heldS: 10, remotes: [] }) },
      metrics: true,
    });
    expect(routes).toEqual([
      {
        ...{ name: 'npm', protocol: 'npm', access: 'open', retention: {}, offline: false },
        match: { hosts: [], path: '' },
        npm: {
          mirror: {},
          metadata: { freshS: 60, staleWhileRevalidateS: 600, staleIfErrorS: 30 * 86_400 },
          maxPackumentBytes: 128 * 2 ** 20,
        },
      },
    ]);
  });

  test('may say everything', () => {
    const everything = defineNetwork({
      name: 'acme',
      secret,
      dataDir: '/srv/meridian',
      nodes: {
        origin: { ...origin, disk: { bytes: '1.5TB', objectBytes: '20 GB' } },
        pop: {
          ...pop,
          dataDir: 'elsewhere',
          listen: [
            { host: '::', port: 443, tls: { cert: 'c.pem', key: '/k.pem' }, http3: true },
            { host: '0.0.0.0', port: 80, proxyProtocol: true },
          ],
          memory: { bytes: 1e9, objectBytes: '8 MiB' },
          disk: false,
          timeouts: { connectMs: '2s', idleS: '1m', drainMs: 0 },
          trustedProxies: ['10.0.0.0/8', 'fd00::1'],
          accessLog: { path: 'stdout', samplePercent: 1, hide: ['Email'] },
        },
      },
      routes: [
        web({ match: { path: '/web/' }, upstream: 'https://example.com/base/', freshness: { freshS: '5m' } }),
        {
          name: 'packages',
          ...npm({
            upstreams: [
              { url: 'http://a.example/', authorization: `Bearer ${env('TOKEN')}`, scopes: ['@Acme'] },
            ],
          }),
        },
      ],
    });
    const { nodes, routes, dataDir } = parsed(everything, { env: { TOKEN: 't0k3n' } });
    expect(dataDir).toBe('/srv/meridian');
    expect(nodes.pop).toMatchObject({
      dataDir: '/etc/meridian/elsewhere',
      url: 'https://127.0.0.1:443',
      disk: false,
      memory: { bytes: 1e9, objectBytes: 8 * 2 ** 20 },
      timeouts: { connectMs: 2000, idleS: 60, drainMs: 0 },
      trustedProxies: ['10.0.0.0/8', 'fd00::1/128'],
      forwardingField: 'x-forwarded-for',
      cacheStatusKey: false,
      accessLog: { format: 'json', path: 'stdout', samplePercent: 1, hide: ['email'] },
    });
    expect(nodes.pop?.listen[0]).toMatchObject({
      http2: true,
      tls: { cert: '/etc/meridian/c.pem', key: '/k.pem' },
    });
    expect(nodes.origin?.disk).toEqual({ bytes: 1.5e12, objectBytes: 20e9 });
    expect(routes[0]).toMatchObject({
      name: 'web',
      match: { path: '/web' },
      web: { upstream: 'https://example.com/base', freshness: { freshS: 300 } },
    });
    expect(routes[1]).toMatchObject({
      name: 'packages',
      npm: { upstreams: [{ url: 'http://a.example', authorization: 'Bearer t0k3n', scopes: ['@acme'] }] },
    });
  });

  test('is the embedded one', () => {
    const { nodes } = parsed(embedded);
    expect(Object.values(nodes).map(({ name, url }) => `${name} ${url}`)).toEqual([
      'origin http://127.0.0.1:4870',
      'shield http://127.0.0.1:4871',
      'pop-a http://127.0.0.1:4873',
      'pop-b http://127.0.0.1:4874',
    ]);
  });

  test('survives the way to another process', () => {
    const network = parsed(input({ secret }));
    expect(JSON.parse(JSON.stringify(network))).toEqual(network);
  });
});

describe('the secret', () => {
  test('is made on the spot where every node listens on loopback', () => {
    const results = [1, 2].map(() => parseNetwork(input(), options));
    const secrets = results.map((result) => (result.ok ? result.network.secret : ''));
    expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(secrets[0]).not.toBe(secrets[1]);
    expect(results[0]).toMatchObject({ ok: true, secretIsNew: true });
    expect(parseNetwork(input({ secret }), options)).toMatchObject({ ok: true, secretIsNew: false });
  });

  test('is required where a node listens beyond this machine', () => {
    const nodes = { origin: { ...origin, listen: [{ host: '0.0.0.0', port: 1 }] } };
    expect(mistakes(input({ nodes }))).toEqual([
      "secret: expected at least 32 characters, because origin listens beyond this machine, found nothing. Make one with `openssl rand -hex 32`, keep it in a variable, and write secret: env('MERIDIAN_SECRET')",
    ]);
  });

  test('is not required because of --host: the nodes are on this machine all the same', () => {
    expect(parsed(input(), { overrides: { host: '0.0.0.0' } }).nodes.pop?.url).toBe('http://127.0.0.1:4873');
  });

  test('that is too short is a mistake that does not repeat it', () => {
    expect(mistakes(input({ secret: 'hunter2' }))).toEqual([
      'secret: expected at least 32 characters that nobody can guess, the same on every node, found text of 7 characters',
    ]);
  });
});

describe('environment variables', () => {
  const withToken = input({
    routes: [npm({ upstreams: [{ url: 'http://a.example', authorization: env('TOKEN') }] })],
  });

  test('that are missing or empty are mistakes', () => {
    const path = 'routes[0].npm.upstreams[0].authorization';
    expect(mistakes(withToken)).toEqual([
      `${path}: expected the environment variable TOKEN, found none of that name`,
    ]);
    expect(mistakes(withToken, { env: { TOKEN: '' } })).toEqual([
      `${path}: expected the environment variable TOKEN, found an empty one`,
    ]);
  });

  test('of routes may be missing on a machine without an origin', () => {
    expect(parsed(withToken, { here: ['pop'] }).routes[0]).toMatchObject({
      npm: { upstreams: [{ scopes: [] }] },
    });
    expect(mistakes(withToken, { here: ['origin'] })).toHaveLength(1);
  });

  test('are not repeated when they hold something wrong', () => {
    const config = input({ routes: [web({ upstream: `https://${env('HOST')}` })] });
    const found = mistakes(config, { env: { HOST: 'user:pass word@x' } }).join();
    expect(found).toContain('routes[0].web.upstream');
    expect(found).toContain('text of 24 characters');
    expect(found).not.toContain('pass');
  });
});

describe('mistakes', () => {
  test('are reported all at once, each with its place', () => {
    const config = {
      nam: 'typo',
      name: 'Not A Label',
      nodes: {
        origin: { role: 'orgin', listen: [] },
        pop: { ...pop, listen: [{ port: '80', prot: 1 }], memory: 5, parents: ['origin', 'orign'] },
        'Bad Name': origin,
      },
      routes: [{ protocol: 'nmp' }, npm({ upstreams: [{ url: 'registry' }] }), 'web', { protocol: 'web' }],
    };
    expect(mistakes(config)).toEqual([
      "name: expected a name of lower-case letters, digits and inner dashes, such as 'pop-1', found 'Not A Label'",
      "nodes.origin.role: expected 'pop', 'shield' or 'origin', found 'orgin'",
      'nodes.origin.listen: expected a list of at least one listener, found an empty list',
      "nodes.pop.listen[0].port: expected a whole number from 0 to 65535, found '80'",
      'nodes.pop.listen[0].prot: expected one of host, port, tls, http2, http3, informational, proxyProtocol, found an unknown parameter. Did you mean port?',
      'nodes.pop.memory: expected an object with bytes, objectBytes, found 5',
      "nodes[\"Bad Name\"]: expected a name of lower-case letters, digits and inner dashes, such as 'pop-1', found 'Bad Name'",
      "routes[0].protocol: expected 'npm', 'oci', 'web', 'pypi', 'go', 'cargo', 'maven', 'apt', 'rubygems', 'nuget', 'helm', 'huggingface' or 'files', found 'nmp'. Did you mean npm?",
      "routes[1].npm.upstreams[0].url: expected an absolute http or https URL without user name, query and fragment, found 'registry'",
      "routes[2]: expected a route, such as npm({ … }), oci({ … }) or web({ … }), found 'web'",
      'routes[3].web: expected an object with upstream, authorization, hostHeader, freshness, setCookie, compress, negative, found nothing',
      'nam: expected one of name, secret, dataDir, bus, purge, access, telemetry, rum, nodes, kv, routes, warm, found an unknown parameter. Did you mean name?',
    ]);
  });

  test('of one part do not hide those of another', () => {
    const config = input({ nodes: { origin: { ...origin, url: 5 }, pop: { ...pop, parents: ['orign'] } } });
    expect(mistakes(config)).toEqual([
      'nodes.origin.url: expected an absolute http or https URL without user name, query and fragment, found 5',
      "nodes.pop.parents[0]: expected the name of a node of this network, found 'orign'. Did you mean origin?",
    ]);
  });

  const leaves: [string, object, string][] = [
    ['sizes', { pop: { ...pop, memory: { bytes: '5 parsecs' } } }, 'nodes.pop.memory.bytes: expected a size'],
    [
      'sizes that are too small',
      { pop: { ...pop, disk: { bytes: 10 } } },
      "nodes.pop.disk.bytes: expected a size: bytes, or text such as '64 MiB', at least 65536, found 10",
    ],
    [
      'durations',
      { pop: { ...pop, timeouts: { connectMs: -1 } } },
      'nodes.pop.timeouts.connectMs: expected a duration: milliseconds',
    ],
    [
      'times beyond what the listener can wait',
      { pop: { ...pop, timeouts: { idleS: '1h' } } },
      "nodes.pop.timeouts.idleS: expected a duration: seconds, or text such as '10m', at most 255 s, found '1h'",
    ],
    [
      'flags',
      { pop: { ...pop, listen: [{ port: 1, http3: 'yes' }] } },
      "nodes.pop.listen[0].http3: expected true or false, found 'yes'",
    ],
    [
      'disk',
      { pop: { ...pop, disk: true } },
      'nodes.pop.disk: expected false, or an object with bytes, objectBytes, found true',
    ],
    [
      'what is in disk',
      { pop: { ...pop, disk: { byte: 1 } } },
      'nodes.pop.disk.byte: expected one of bytes, objectBytes, found an unknown parameter. Did you mean bytes?',
    ],
    [
      "header limits beyond the runtime's",
      { pop: { ...pop, limits: { headerBytes: '64 KiB' } } },
      'nodes.pop.limits.headerBytes: expected a size',
    ],
    [
      'address blocks',
      { pop: { ...pop, trustedProxies: ['10.0.0.0/40'] } },
      "nodes.pop.trustedProxies[0]: expected an address block such as '10.0.0.0/8', found '10.0.0.0/40'",
    ],
    [
      'log formats',
      { pop: { ...pop, accessLog: { format: 'xml' } } },
      "nodes.pop.accessLog.format: expected 'json', 'combined', 'text' or 'off', found 'xml'",
    ],
    [
      'http2 without tls at the other server',
      { pop: { ...pop, listen: [{ port: 1, http2: true, informational: true }] } },
      'nodes.pop.listen[0].http2: expected false, or a listener with tls or without informational, found true without tls',
    ],
    [
      'http3 without tls',
      { pop: { ...pop, listen: [{ port: 1, http3: true }] } },
      'nodes.pop.listen[0].http3: expected false, or a listener with tls, found true without tls',
    ],
  ];
  test.each(leaves)('are found in %s', (_, nodes, expected) => {
    const found = mistakes(input({ nodes: { origin, ...nodes } }));
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith(expected);
  });

  const routeMistakes: [string, object, string][] = [
    [
      'credentials, without repeating them',
      web({ upstream: 'http://a.example', authorization: 'Bearer s3cret\r\n' }),
      "routes[0].web.authorization: expected the value of an Authorization field, such as 'Bearer …', found text of 15 characters",
    ],
    [
      'upstreams with user-info, without repeating it',
      web({ upstream: 'http://u:s3cret@a.example' }),
      "routes[0].web.upstream: expected an absolute http or https URL without user name, query and fragment, found 'http://…@a.example'",
    ],
    [
      'hosts',
      web({ match: { hosts: ['a.*.example'] }, upstream: 'http://a.example' }),
      "routes[0].match.hosts[0]: expected a host name such as 'npm.example.com' or '*.example.com', found 'a.*.example'",
    ],
    [
      'paths',
      web({ match: { path: 'npm' }, upstream: 'http://a.example' }),
      "routes[0].match.path: expected a path prefix such as '/npm', of unreserved characters, found 'npm'",
    ],
    [
      'scopes',
      npm({ upstreams: [{ url: 'http://a.example', scopes: ['acme'] }] }),
      "routes[0].npm.upstreams[0].scopes[0]: expected a scope such as '@acme', found 'acme'",
    ],
    [
      'host fields',
      web({ upstream: 'http://a.example', hostHeader: 'a b' }),
      "routes[0].web.hostHeader: expected a host, such as 'www.example.com' or 'www.example.com:8080', found 'a b'",
    ],
  ];
  test.each(routeMistakes)('are found in %s', (_, route, expected) => {
    expect(mistakes(input({ routes: [route] }))).toEqual([expected]);
  });

  test('are found in what is no config at all', () => {
    for (const nothing of [undefined, null, 5, 'x', [], () => 1]) expect(mistakes(nothing)).not.toEqual([]);
    expect(mistakes({ nodes: {}, routes: [] })).toEqual([
      'routes: expected a list of at least one route, found an empty list',
      'nodes: expected at least one node, found an empty object',
    ]);
    expect(mistakes(null)).toEqual([
      'expected an object with name, secret, dataDir, bus, purge, access, telemetry, rum, nodes, kv, routes, warm, found null',
      'nodes: expected at least one node, found an empty object',
    ]);
  });
});

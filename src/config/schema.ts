/**
 * Every parameter of a network, as one table: its type, default, unit and meaning. From it come the
 * types that `defineNetwork` checks a config file against, what `parseNetwork` accepts, and
 * `docs/reference/config.md` (run `bun src/config/reference.ts` after a change).
 *
 * Read it from the bottom: `network` is the whole.
 */
import { z } from 'zod';
import { ecosystemRoutes } from './ecosystems.ts';
import * as forms from './forms.ts';
import {
  authorization,
  count,
  flag,
  group,
  label,
  list,
  milliseconds,
  oneOf,
  path,
  rows,
  seconds,
  size,
  text,
  url,
} from './kinds.ts';
import * as kv from './kv.ts';
import { access } from './schema-access.ts';
import { accessLog } from './schema-access-log.ts';
import { admin, place } from './schema-admin.ts';
import { bus, busServer } from './schema-bus.ts';
import { failover } from './schema-failover.ts';
import { abandonedFills, slices } from './schema-fills.ts';
import { npmHosted, npmMirror } from './schema-hosted.ts';
import { hot } from './schema-hot.ts';
import { oci } from './schema-oci.ts';
import { parent } from './schema-parents.ts';
import { npmPolicy } from './schema-policy.ts';
import { predict } from './schema-predict.ts';
import { prefetch } from './schema-prefetch.ts';
import { remotes } from './schema-remotes.ts';
import { ring } from './schema-ring.ts';
import { placed } from './schema-route.ts';
import { rum } from './schema-rum.ts';
import { collection, postgresStore, s3Store, standardStore, store, uploads } from './schema-store.ts';
import { nodeTelemetry, telemetry } from './schema-telemetry.ts';
import { metadataTimes, purge, responseTimes } from './schema-times.ts';
import { listenerTls } from './schema-tls.ts';
import { warm } from './schema-warm.ts';

export {
  access,
  bus,
  collection,
  metadataTimes,
  postgresStore,
  purge,
  ring,
  rum,
  s3Store,
  standardStore,
  uploads,
  warm,
};

/** `objectBytes` where the config does not say it: so much, but no more than this share of `bytes`. */
export const standardObjectBytes = {
  memory: { atMost: 4 * 2 ** 20, share: 1 / 4 },
  disk: { atMost: 5 * 2 ** 30, share: 1 / 2 },
} as const;

/** More processes than this are of no use to one node. */
export const mostWorkers = 64;

const workers = z.union([z.literal('auto'), count('', 1, mostWorkers)]).register(rows, {
  means:
    'Processes that serve as this one node, each with its part of memory and disk. `auto`: one for each core that the node may use, 64 at most. An origin has one.',
  expected: `'auto' or a number from 1 to ${mostWorkers}`,
  type: 'choice',
  otherwise: '`auto`; `1` for an origin',
});

const storeBounds = (means: string, bytes: '256 MiB' | '10 GiB', objectBytes: string) =>
  group(means, {
    bytes: size('All entries together.', { atLeast: 65_536 }).prefault(bytes),
    objectBytes: size(
      'One entry. A larger one is not kept here, only passed on.',
      { atLeast: 1024 },
      objectBytes,
    ).optional(),
  });

/** The runtime is started with this limit (`bin/runtime.mjs`), which no config can raise. */
const headerBounds = { atLeast: 1024, atMost: 32_768 };

export const limits = group('What the node takes on. Beyond it, a request is refused at once and by name.', {
  targetBytes: size('Longest request target; more is answered with 414.', { atLeast: 256 }).prefault(8192),
  headerFields: count('Most header fields of a request; more is answered with 431.', 8, 1000).prefault(100),
  headerBytes: size(
    'All header fields of a request together; more is answered with 431.',
    headerBounds,
  ).prefault(32_768),
  bodyBytes: size('Longest request body; more is answered with 413.').prefault('64 MiB'),
  blobBytes: size(
    'The same for a blob that is written to the store as it comes, such as the layer of an image.',
  ).prefault('32 GiB'),
  fills: count('Fills in flight at once; beyond it, a miss is answered with 503.', 1, 65_536).prefault(1024),
  clients: count(
    'Requests in flight at once; beyond it, a request is answered with 503.',
    1,
    1_000_000,
  ).prefault(16_384),
});

export const timeouts = group('How long the node waits. Nothing waits without a bound.', {
  connectMs: milliseconds('For a connection to a parent or upstream.', { atLeast: 1 }).prefault(3500),
  firstByteMs: milliseconds('For the first byte of its answer.', { atLeast: 1 }).prefault(60_000),
  betweenBytesMs: milliseconds('For the next byte of its answer.', { atLeast: 1 }).prefault(60_000),
  lockMs: milliseconds(
    "For the first byte of another request's fill of the same key, before asking the parent itself.",
  ).prefault(10_000),
  idleS: seconds('Without a request, until a client connection is closed.', { atMost: 255 }).prefault(60),
  drainMs: milliseconds('For requests in flight, when the node is told to stop.').prefault(30_000),
});

const tierTls = group(
  'What this node shows to other nodes that it asks over `https://`, and which it believes. Paths are relative to the config file.',
  {
    cert: path('PEM file with the certificate to show, and its chain.', 'none is shown').optional(),
    key: path('PEM file with its private key.', 'none').optional(),
    ca: path(
      'PEM file with the authorities that sign the certificates of the other nodes.',
      'those of the system',
    ).optional(),
  },
);

export const listen = group('An address that the node listens on.', {
  host: text(
    'IP address or name to listen on.',
    { expected: "an IP address or host name, such as '127.0.0.1' or '::'" },
    forms.listenHost,
  ).prefault('127.0.0.1'),
  port: count('TCP port (and UDP port for HTTP/3). 0 lets the system choose one.', 0, 65_535),
  tls: listenerTls.optional(),
  http2: flag(
    'Serves HTTP/2 too. Without `tls`, to other nodes and whoever else knows that beforehand; browsers do not.',
    'true with `tls`, else false',
  ).optional(),
  http3: flag('Serves HTTP/3 too, announced by `Alt-Svc`. Needs `tls`.').prefault(false),
  informational: flag(
    'Relays interim responses (102, 103), tells browsers that wait what a page needed the last time (103), and sends the `Content-Length` of a body that is still arriving. A hit takes about four times the CPU time. Not with `http3`.',
  ).prefault(false),
  proxyProtocol: flag('Expects a PROXY protocol line from a load balancer before each connection.').prefault(
    false,
  ),
});

export const node = group('One node. Its name is its key.', {
  role: oneOf('`pop` talks to clients, `shield` to PoPs, `origin` to upstreams.', [
    'pop',
    'shield',
    'origin',
  ]),
  listen: list('Addresses that the node listens on.', listen).min(1, 'a list of at least one listener'),
  parents: list(
    'Nodes to ask on a miss, in order of preference. A PoP asks shields or origins, a shield asks origins or other shields, an origin asks upstreams only. Before them, a PoP or a shield may name siblings, as `peer(…)`: others of its role that are asked for what they have, and for nothing else; with `forS`, for so long after the start.',
    parent,
  ).prefault([]),
  failover: failover.prefault({}),
  remotes: remotes.prefault({}),
  url: url(
    'How other nodes reach this one.',
    'made of the first listener without `proxyProtocol`; `127.0.0.1` stands in for a listener on all addresses',
  ).optional(),
  http2: flag(
    'Other nodes ask this one over HTTP/2. With a `url` of `https:`, HTTP/1.1 is used all the same where TLS does not agree on it; with `http:`, every server at that address must speak HTTP/2.',
    'true with a `url` of `https:`, else false',
  ).optional(),
  packs: flag(
    'Text, JSON and the like are compressed on the way between this node and others, with zstd, where both ends do so. Whatever is stored or served stays as it is.',
  ).prefault(true),
  tls: tierTls.optional(),
  dataDir: path(
    'What the node keeps on disk, relative to the config file.',
    "the network's `dataDir`, `/`, the node's name",
  ).optional(),
  memory: storeBounds(
    'What the node keeps in memory.',
    '256 MiB',
    '`4 MiB`, or a quarter of `bytes` where that is less',
  ).prefault({}),
  disk: z
    .union([
      z.literal(false),
      storeBounds(
        'What the node keeps on disk, or `false`.',
        '10 GiB',
        '`5 GiB`, or half of `bytes` where that is less',
      ),
    ])
    .prefault({}),
  store: store.optional(),
  near: label(
    'The store in `kv` that this node keeps copies in, and asks before its parents, on routes that `replicate`.',
  ).optional(),
  sharedMemory: kv.sharedMemory(label('Its name in `kv`, the same on each node that shares it.')).optional(),
  slices: slices.prefault({}),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
  abandonedFills: abandonedFills.prefault({}),
  workers: workers.optional(),
  ring: ring.optional(),
  hot: z.union([z.literal(false), hot]).prefault({}),
  prefetch: prefetch.prefault({}),
  predict: z.union([z.literal(false), predict]).prefault({}),
  trustedProxies: list(
    'Address blocks of proxies in front of this node, whose word about the client is believed.',
    text('CIDR block.', { expected: "an address block such as '10.0.0.0/8'" }, forms.addressBlock),
  ).prefault([]),
  forwardingField: oneOf(
    'The field in which those proxies name the client. `x-forwarded-for` includes `X-Forwarded-Proto` and `-Host`. The other one is not looked at, since a proxy that does not write it passes on what the client wrote.',
    ['x-forwarded-for', 'forwarded'],
  ).prefault('x-forwarded-for'),
  bus: group('Where this node reaches the bus.', {
    servers: list(
      'Servers near this node, such as the NATS leaf node of its region; of Redis, one.',
      busServer('Server.'),
      'those of the network’s `bus`',
    ).prefault([]),
  }).prefault({}),
  accessLog: accessLog.prefault({}),
  admin: admin.optional(),
  telemetry: nodeTelemetry.optional(),
  place: place.optional(),
  metrics: flag(
    'Counts requests, for `/metrics`, `meridian top` and the charts. `false` spares a request some tens of nanoseconds, and leaves these empty.',
  ).prefault(true),
  cacheStatusKey: flag(
    'Says in `Cache-Status` by which key a response is stored. For whoever looks into why something is a miss: it lengthens every response, and shows clients the names of routes.',
  ).prefault(false),
});

export const npmUpstream = group('A registry to pull from.', {
  url: url('Where the registry is.'),
  authorization: authorization('Sent to this registry alone.').optional(),
  scopes: list(
    'Names under these scopes are asked for here and nowhere else.',
    text('Scope.', { expected: "a scope such as '@acme'" }, forms.scope),
    'every name that no other upstream claims',
  ).prefault([]),
});

export const npm = group('Packages for npm, pnpm, yarn and bun.', {
  upstreams: list(
    'Registries, in order of preference. An empty list: none, only what is `hosted`.',
    npmUpstream,
    "the registry that this machine's npm is set to (`npm config get registry`), without its credentials",
  ).optional(),
  hosted: npmHosted.optional(),
  mirror: npmMirror.prefault({}),
  policy: npmPolicy.optional(),
  metadata: metadataTimes.prefault({}),
  maxPackumentBytes: size('Longest package metadata document of an upstream.', { atLeast: 1024 }).prefault(
    '128 MiB',
  ),
});

export const web = group('Any HTTP server, by the rules of HTTP caching.', {
  upstream: url('Where the server is. The path after the prefix of the route is appended.'),
  authorization: authorization('Sent to this server.').optional(),
  hostHeader: text(
    '`Host` that the server is asked with.',
    {
      expected: "a host, such as 'www.example.com' or 'www.example.com:8080'",
      otherwise: "the upstream's own",
    },
    forms.authority,
  ).optional(),
  freshness: responseTimes.prefault({}),
  setCookie: oneOf(
    'Responses that set a cookie. `store`: kept and shared when they state for how long, as RFC 9111 §7.3 has it. `pass`: never kept.',
    ['store', 'pass'],
  ).prefault('store'),
  compress: flag(
    'PoPs compress text, scripts, JSON and the like with zstd, Brotli or gzip where the server does not: only what may be stored, once for each coding.',
  ).prefault(true),
  negative: group('A time for errors that say nothing themselves.', {
    statuses: list('Which ones.', count('Status.', 400, 599)).prefault([404, 410]),
    freshS: seconds('Used without asking; without it, they are not kept.', { atMost: 300 }).optional(),
  }).prefault({}),
});

export const route = z
  .discriminatedUnion('protocol', [
    group('A route for packages.', {
      protocol: z.literal('npm'),
      ...placed('npm'),
      npm: npm.prefault({}),
    }),
    group('A route for containers.', {
      protocol: z.literal('oci'),
      ...placed('oci', '/v2'),
      oci: oci.prefault({}),
    }),
    group('A route to a web server.', {
      protocol: z.literal('web'),
      ...placed('web'),
      web,
    }),
    ...ecosystemRoutes,
  ])
  .register(rows, {
    means: 'One route.',
    expected: 'a route, such as npm({ … }), oci({ … }) or web({ … })',
    type: 'group',
  });

export const network = group('Everything that one config file describes.', {
  name: label('Name of the network.').prefault('meridian'),
  secret: text(
    'What the nodes prove to each other that they belong together.',
    {
      expected: 'at least 32 characters that nobody can guess, the same on every node',
      otherwise:
        'made once and kept in `dataDir`, if every node listens on loopback only; else it is required',
    },
    (value) => (value.length >= 32 ? value : undefined),
  ).optional(),
  dataDir: path('What the network keeps on disk, relative to the config file.').prefault('.meridian'),
  bus: bus.prefault({ driver: 'local' }),
  purge: purge.prefault({}),
  access: access.prefault({}),
  telemetry: telemetry.prefault({}),
  rum: rum.optional(),
  nodes: z.record(label('Name of the node.'), node).register(rows, {
    means: 'The nodes by name.',
    expected: 'an object with a node under each name',
    type: 'map',
  }),
  kv: z
    .record(label('Name of the store.'), kv.kvStore)
    .register(rows, {
      means: 'Key/value servers by name, one in each region for example. What lies there goes by that name.',
      expected: 'an object with a store under each name',
      type: 'map',
    })
    .prefault({}),
  routes: z.array(route).min(1, 'a list of at least one route').register(rows, {
    means: 'Which requests are served how. The first match is taken.',
    expected: 'a list of routes',
    type: 'list',
  }),
  warm: list('What nodes always have before anybody asks for it: `docs/prefetch.md`.', warm).prefault([]),
});

/** What a config file says, with defaults filled in and text in canonical form, before paths and names are resolved. */
export type ParsedNetwork = z.output<typeof network>;
export type ParsedNode = z.output<typeof node>;
export type ParsedRoute = z.output<typeof route>;
export type ParsedBus = z.output<typeof bus>;
export type ParsedWarm = z.output<typeof warm>;
export type ParsedKv = z.output<typeof kv.kvStore>;

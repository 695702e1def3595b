/**
 * One network in three regions: an origin in Europe with its truth in PostgreSQL and S3; in each region a shield, two PoPs, a
 * leaf of the NATS bus and a Redis for copies. ../README.md says how it comes to life.
 *
 * The same file goes to every machine. Each runs its node: `meridian serve --as pop-us-1`.
 */
import { defineNetwork, env, kv, nats, npm, postgres, s3, web } from 'meridian';

const regions = ['eu', 'us', 'ap'] as const;
type Region = (typeof regions)[number];

/** Nodes talk to each other in a private network. */
const inside = (node: string) => `http://${node}.internal.example:4870`;
const inner = { host: '0.0.0.0', port: 4870 } as const;
const outer = {
  host: '::',
  port: 443,
  tls: { cert: 'tls/tls.crt', key: 'tls/tls.key' },
  http3: true,
} as const;

const busOf = (region: Region) => ({ servers: [`nats://leaf-${region}.internal.example:4222`] });

const shield = (region: Region) => ({
  bus: busOf(region),
  near: `kv-${region}`,
  role: 'shield' as const,
  listen: [inner],
  url: inside(`shield-${region}`),
  // Across an ocean, another shield is closer than nothing: it stands in while the origin is away.
  parents: region === 'eu' ? ['origin'] : ['origin', 'shield-eu'],
  memory: { bytes: '8 GiB', objectBytes: '16 MiB' },
  disk: { bytes: '2 TiB', objectBytes: '50 GiB' },
});

const pop = (region: Region, name: string) => ({
  bus: busOf(region),
  near: `kv-${region}`,
  role: 'pop' as const,
  listen: [outer],
  url: `https://${name}.example.com`,
  parents: [`shield-${region}`, region === 'eu' ? 'shield-us' : 'shield-eu'],
  memory: { bytes: '4 GiB', objectBytes: '16 MiB' },
  disk: { bytes: '200 GiB', objectBytes: '10 GiB' },
  accessLog: { format: 'json' as const, path: 'stdout' },
});

const shields = Object.fromEntries(regions.map((region) => [`shield-${region}`, shield(region)]));

const pops = Object.fromEntries(
  regions.flatMap((region) =>
    [1, 2].map((nth) => [`pop-${region}-${nth}`, pop(region, `pop-${region}-${nth}`)]),
  ),
);

export default defineNetwork({
  name: 'acme',
  // `openssl rand -hex 32`, the same on every node.
  secret: env('MERIDIAN_SECRET'),
  dataDir: '/var/lib/meridian',

  bus: nats({
    servers: ['nats://hub-1.internal.example:4222', 'nats://hub-2.internal.example:4222'],
    domain: 'hub',
    replicas: 3,
    user: 'bus',
    password: env('BUS_PASSWORD'),
  }),

  kv: Object.fromEntries(
    regions.map((region) => [
      `kv-${region}`,
      { url: `redis://kv-${region}.internal.example:6379`, password: env('KV_PASSWORD') },
    ]),
  ),

  nodes: {
    origin: {
      bus: busOf('eu'),
      role: 'origin',
      listen: [inner],
      url: inside('origin'),
      store: {
        blobs: s3({
          bucket: 'acme-packages',
          endpoint: 'https://s3.eu-central-1.example',
          region: 'eu-central-1',
          accessKeyId: env('S3_ACCESS_KEY_ID'),
          secretAccessKey: env('S3_SECRET_ACCESS_KEY'),
        }),
        metadata: postgres({
          url: 'postgres://meridian@db.internal.example/meridian?sslmode=verify-full',
          password: env('META_PASSWORD'),
        }),
      },
    },
    ...shields,
    ...pops,
  },

  routes: [
    npm({
      match: { hosts: ['npm.example.com'] },
      upstreams: [{ url: 'https://registry.example' }],
      replicate: kv({ objectBytes: '1 MiB' }),
    }),
    web({
      name: 'models',
      match: { hosts: ['models.example.com'] },
      upstream: 'https://models.internal.example',
      replicate: kv({ objectBytes: '4 MiB' }),
    }),
  ],
});

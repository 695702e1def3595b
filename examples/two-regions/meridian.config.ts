/**
 * One network in two regions: an origin in Europe, a shield and a PoP in each region. The same file goes to every
 * machine; each runs its node with `meridian serve --as <node>`.
 *
 * `meridian check --node pop-us` checks it as on that node's machine: with its certificate, without the origin's
 * credentials.
 */
import { defineNetwork, env, nats, npm, web } from 'meridian';

/** What the nodes of a region have in common. It is plain TypeScript, so say it once. */
const shield = { memory: { bytes: '2 GiB', objectBytes: '16 MiB' }, disk: { bytes: '500 GiB' } } as const;
const pop = { memory: { bytes: '4 GiB', objectBytes: '16 MiB' }, disk: { bytes: '200 GiB' } } as const;

/** Clients come over TLS; HTTP/3 beside HTTP/1.1 and HTTP/2. */
const https = {
  host: '::',
  port: 443,
  tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' },
  http3: true,
} as const;
/** Nodes talk to each other in a private network. */
const inner = { host: '0.0.0.0', port: 4870 } as const;

export default defineNetwork({
  name: 'acme',
  // The same on every node: `openssl rand -hex 32`.
  secret: env('MERIDIAN_SECRET'),
  dataDir: '/var/lib/meridian',
  // How purges and the like reach every node: docs/bus.md.
  bus: nats({ servers: ['nats://bus.internal.example:4222'], token: env('NATS_TOKEN') }),

  nodes: {
    origin: { role: 'origin', listen: [inner], url: 'http://origin.internal.example:4870' },

    // `url` is how other nodes reach this one, and says that the nodes are on different machines.
    'shield-eu': {
      ...shield,
      role: 'shield',
      listen: [inner],
      url: 'http://shield-eu.internal.example:4870',
      parents: ['origin'],
    },
    // Across the ocean, the other region's shield is closer than nothing: it stands in while the origin is away.
    'shield-us': {
      ...shield,
      role: 'shield',
      listen: [inner],
      url: 'http://shield-us.internal.example:4870',
      parents: ['origin', 'shield-eu'],
    },

    'pop-eu': {
      ...pop,
      role: 'pop',
      listen: [https],
      url: 'https://pop-eu.example.com',
      parents: ['shield-eu', 'shield-us'],
      accessLog: { format: 'json', path: 'stdout' },
    },
    'pop-us': {
      ...pop,
      role: 'pop',
      // Behind a load balancer that says who the client is.
      listen: [https, { host: '0.0.0.0', port: 8443, tls: https.tls, proxyProtocol: true }],
      trustedProxies: ['10.20.0.0/16'],
      url: 'https://pop-us.example.com',
      parents: ['shield-us', 'shield-eu'],
      accessLog: { format: 'json', path: 'stdout' },
    },
  },

  // The first route that matches serves a request.
  routes: [
    npm({
      match: { hosts: ['npm.example.com'] },
      upstreams: [
        // Names under @acme are asked for here and nowhere else, so nobody can put another package in their place.
        {
          url: 'https://packages.internal.example/npm',
          authorization: `Bearer ${env('PACKAGES_TOKEN')}`,
          scopes: ['@acme'],
        },
        { url: 'https://registry.example.com' },
      ],
      metadata: { freshS: '5m', staleIfErrorS: '60d' },
    }),
    web({
      name: 'assets',
      match: { hosts: ['assets.example.com', '*.assets.example.com'] },
      upstream: 'https://assets-origin.internal.example',
      freshness: { freshS: '10m', staleWhileRevalidateS: '1h', staleIfErrorS: '7d' },
    }),
  ],
});

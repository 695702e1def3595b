/**
 * A PoP of two machines, which are one cache: each key is kept once, by one of the workers of either. The same file goes to
 * every machine; each runs its node with `meridian serve --as <node>`. A balancer, or DNS with several addresses, brings
 * clients to both.
 */
import { defineNetwork, env, redis, web } from 'meridian';

/** Members ask each other in a private network: what they say is signed, not encrypted. */
const ring = { name: 'lhr', host: '0.0.0.0', port: 7946 } as const;
const pop = {
  role: 'pop',
  listen: [{ host: '::', port: 443, tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' } }],
  parents: ['origin'],
} as const;

export default defineNetwork({
  name: 'acme',
  // The same on every node: `openssl rand -hex 32`.
  secret: env('MERIDIAN_SECRET'),
  dataDir: '/var/lib/meridian',
  // By way of it, members make themselves known.
  bus: redis({ url: 'redis://bus.internal.example:6379' }),

  nodes: {
    origin: {
      role: 'origin',
      listen: [{ host: '0.0.0.0', port: 4870 }],
      url: 'http://origin.internal.example:4870',
    },
    'lhr-1': {
      ...pop,
      url: 'https://lhr-1.example.com',
      ring: { ...ring, address: 'http://10.0.0.5:7946' },
    },
    // Each of its workers keeps twice as much.
    'lhr-2': {
      ...pop,
      url: 'https://lhr-2.example.com',
      ring: { ...ring, address: 'http://10.0.0.6:7946', capacity: 2 },
      memory: { bytes: '512 MiB' },
    },
  },

  routes: [web({ upstream: 'https://www.internal.example' })],
});

import { describe, expect, test } from 'bun:test';
import { env, files, type NetworkInput, npm, postgres, s3, sqlite } from '../index.ts';
import { forNode } from './for-node.ts';
import { formatMistake } from './mistake.ts';
import { type ParseOptions, parseNetwork } from './network.ts';
import { redact } from './redact.ts';
import { standardStore } from './schema-store.ts';

type StoreInput = NonNullable<NetworkInput['nodes'][string]['store']>;

function parse(store: StoreInput, more: Partial<ParseOptions> = {}) {
  const nodes = {
    origin: { role: 'origin', listen: [{ port: 1 }], store },
    pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'] },
  };
  return parseNetwork(
    { nodes, routes: [npm()] },
    { configDir: '/etc/meridian', env: {}, overrides: {}, ...more },
  );
}

function network(store: StoreInput, more: Partial<ParseOptions> = {}) {
  const parsed = parse(store, more);
  if (!parsed.ok) throw new Error(parsed.mistakes.map(formatMistake).join('\n'));
  return parsed.network;
}

function mistakes(store: unknown): string[] {
  const parsed = parse(store as StoreInput);
  return parsed.ok ? [] : parsed.mistakes.map(formatMistake);
}

const distributed: StoreInput = {
  blobs: s3({
    bucket: 'packages',
    endpoint: 'https://s3.example.com',
    accessKeyId: env('KEY'),
    secretAccessKey: env('SECRET'),
  }),
  metadata: postgres({ url: 'postgres://meridian@db.example.com/meridian', password: env('PASSWORD') }),
};
const variables = { KEY: 'AKIA', SECRET: 'hunter2', PASSWORD: 'hunter3' };

describe('a store', () => {
  test('is where the node keeps everything else, unless it says so', () => {
    expect(network({}).nodes.origin?.store).toEqual({
      blobs: { engine: 'files', path: '/etc/meridian/.meridian/origin/blobs' },
      metadata: { engine: 'sqlite', path: '/etc/meridian/.meridian/origin/metadata.db' },
      collection: { everyS: 86_400, graceS: 86_400 },
      uploads: standardStore.uploads,
      minFreeBytes: 256 * 2 ** 20,
    });
    const placed = { blobs: files({ path: '/srv/blobs' }), metadata: sqlite({ path: 'here.db' }) };
    expect(network(placed).nodes.origin?.store).toEqual({
      blobs: { engine: 'files', path: '/srv/blobs' },
      metadata: { engine: 'sqlite', path: '/etc/meridian/here.db' },
      collection: { everyS: 86_400, graceS: 86_400 },
      uploads: standardStore.uploads,
      minFreeBytes: 256 * 2 ** 20,
    });
  });

  test('may be a bucket and a database', () => {
    expect(network(distributed, { env: variables }).nodes.origin?.store).toEqual({
      blobs: {
        engine: 's3',
        spool: '/etc/meridian/.meridian/origin/spool',
        bucket: 'packages',
        endpoint: 'https://s3.example.com',
        prefix: '',
        accessKeyId: 'AKIA',
        secretAccessKey: 'hunter2',
        checksums: true,
        virtualHostedStyle: false,
        redirect: false,
      },
      metadata: {
        engine: 'postgres',
        url: 'postgres://meridian@db.example.com/meridian',
        password: 'hunter3',
        connections: 10,
      },
      collection: { everyS: 86_400, graceS: 86_400 },
      uploads: standardStore.uploads,
      minFreeBytes: 256 * 2 ** 20,
    });
  });

  test('may be a bucket whose authority only the config knows', () => {
    const blobs = s3({ bucket: 'packages', endpoint: 'https://s3.internal.example', tls: { ca: 'ca.pem' } });
    expect(network({ blobs }).nodes.origin?.store?.blobs).toMatchObject({
      tls: { ca: '/etc/meridian/ca.pem' },
    });
    const missingFiles = new Map([['/etc/meridian/ca.pem', 'ENOENT']]);
    const parsed = parse({ blobs }, { missingFiles });
    expect(parsed.ok ? [] : parsed.mistakes.map(formatMistake)).toEqual([
      'nodes.origin.store.blobs.s3.tls.ca: expected a PEM file that can be read, found ENOENT at /etc/meridian/ca.pem',
    ]);
  });

  test('has credentials that nobody but the origin gets, and nobody is shown', () => {
    const whole = network(distributed, { env: variables });
    expect(JSON.stringify(forNode(whole, 'origin'))).toContain('hunter2');
    expect(JSON.stringify(forNode(whole, 'pop'))).not.toMatch(/hunter|AKIA/);
    expect(JSON.stringify(redact(whole))).not.toContain('hunter');
  });

  test('needs them where the origin is, and nowhere else', () => {
    expect(parse(distributed, { here: ['origin'] }).ok).toBe(false);
    expect(parse(distributed, { here: ['pop'] }).ok).toBe(true);
  });

  test.each([
    [
      'two engines',
      { blobs: { files: {}, s3: { bucket: 'packages' } } },
      /blobs: expected one engine, found files and s3/,
    ],
    [
      'a password in the address',
      { metadata: { postgres: { url: 'postgres://me:pw@db/x' } } },
      /without a password/,
    ],
    [
      'a password in its parameters',
      { metadata: { postgres: { url: 'postgres://me@db/x?Password=pw' } } },
      /metadata.postgres.url/,
    ],
    [
      'an address of something else',
      { metadata: { postgres: { url: 'mysql://me@db/x' } } },
      /metadata.postgres.url/,
    ],
    ['a bucket that cannot be', { blobs: { s3: { bucket: 'Not/One' } } }, /blobs.s3.bucket/],
    ['a prefix that leads elsewhere', { blobs: { s3: { bucket: 'one', prefix: '../' } } }, /blobs.s3.prefix/],
    [
      'a key that nothing is encrypted with',
      { blobs: { s3: { bucket: 'one', kmsKeyId: 'alias/one' } } },
      /blobs.s3.encryption: expected 'aws:kms', because there is a `kmsKeyId`, found nothing/,
    ],
    [
      'an encryption that there is not',
      { blobs: { s3: { bucket: 'one', encryption: 'rot13' } } },
      /blobs.s3.encryption: expected 'AES256' or 'aws:kms'/,
    ],
    ['an engine that there is not', { blobs: { tape: {} } }, /blobs.tape: expected one of files, s3/],
  ])('is refused: %s', (_, store, message) => {
    expect(mistakes(store).join('\n')).toMatch(message);
  });

  test('is an origin’s: no other node has one', () => {
    const nodes = {
      origin: { role: 'origin', listen: [{ port: 1 }] },
      pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'], store: {} },
    };
    const parsed = parseNetwork({ nodes, routes: [npm()] }, { configDir: '/', env: {}, overrides: {} });
    expect(!parsed.ok && parsed.mistakes.map(({ path }) => path)).toEqual(['nodes.pop.store']);
  });
});

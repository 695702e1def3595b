/** The parameters of an origin's stores, a part of the table in `schema.ts`. */
import * as forms from './forms.ts';
import { anyText, count, flag, group, oneOf, path, seconds, size, text, url } from './kinds.ts';
import { serverTls } from './schema-tls.ts';

const credential = (means: string, otherwise: string) => anyText(means, { expected: 'text', otherwise });

const filesStore = group('Blobs as files, on a file system of this machine.', {
  path: path(
    'Folder of their own, relative to the config file.',
    "`blobs` in the node's `dataDir`",
  ).optional(),
});

export const s3Store = group('Blobs in a bucket of S3, or of a server that speaks its protocol.', {
  bucket: text(
    'Name of the bucket. It has to be there.',
    { expected: 'the name of a bucket' },
    forms.bucketName,
  ),
  endpoint: url('Where the server is.', "Amazon's, for the region").optional(),
  tls: serverTls.optional(),
  region: text(
    'Region that requests are signed for.',
    { expected: "a region such as 'eu-central-1'", otherwise: 'the variable `S3_REGION` or `AWS_REGION`' },
    forms.label,
  ).optional(),
  prefix: text(
    'Before the names of all objects.',
    { expected: "a prefix such as 'meridian/'" },
    forms.objectPrefix,
  ).prefault(''),
  accessKeyId: credential(
    'Whose requests they are.',
    'the variable `S3_ACCESS_KEY_ID` or `AWS_ACCESS_KEY_ID`',
  ).optional(),
  secretAccessKey: credential(
    'What requests are signed with.',
    'the variable `S3_SECRET_ACCESS_KEY` or `AWS_SECRET_ACCESS_KEY`',
  ).optional(),
  sessionToken: credential(
    'Of temporary credentials.',
    'the variable `S3_SESSION_TOKEN` or `AWS_SESSION_TOKEN`, if `accessKeyId` is a variable, too',
  ).optional(),
  encryption: oneOf(
    'How the server encrypts what it keeps: with keys of its own, or of a key management service.',
    ['AES256', 'aws:kms'],
    'as the bucket is set',
  ).optional(),
  kmsKeyId: anyText('The key, with `aws:kms`.', {
    expected: 'the id, alias or ARN of a key',
    otherwise: "the account's own for S3",
  }).optional(),
  checksums: flag(
    'The bucket is asked to keep a SHA-256 of each object, and compares what it receives with it. What arrives is compared in any case; some servers do not know the fields.',
  ).prefault(true),
  virtualHostedStyle: flag(
    'The bucket is named by the host (`bucket.s3.example.com`), not by the path.',
  ).prefault(false),
  redirect: flag(
    'Clients may be sent to the bucket itself, with an address that is signed for a while, where a protocol has it so. They have to be able to reach it.',
  ).prefault(false),
});

const sqliteStore = group('Metadata in one SQLite file.', {
  path: path(
    'The file, relative to the config file. On a local file system.',
    "`metadata.db` in the node's `dataDir`",
  ).optional(),
});

export const postgresStore = group(
  'Metadata in PostgreSQL, or a server that speaks its protocol, such as CockroachDB.',
  {
    url: text(
      'Where the database is, and as whom.',
      { expected: "an address without a password, such as 'postgres://meridian@db.example.com/meridian'" },
      forms.postgresUrl,
    ),
    password: credential('Of that user.', 'the variable `PGPASSWORD`, or none').optional(),
    tls: serverTls.optional(),
    connections: count('Connections at most. What finds none free waits.', 1, 100).prefault(10),
  },
);

export const collection = group('How blobs are removed that nothing refers to any more.', {
  everyS: seconds('How often. 0: never, but for `meridian gc`.').prefault('24h'),
  graceS: seconds(
    'Blobs that were written within this time are left alone: whoever wrote them may be about to refer to them.',
    { atLeast: 600 },
  ).prefault('24h'),
}).prefault({});

export const uploads = group(
  'Blobs that arrive in pieces and are not finished, such as layers that are being pushed. More is refused with 503; who has as many as he may loses those that have rested for an hour.',
  {
    uploads: count('All together.', 1, 1_000_000).prefault(10_000),
    bytes: size('What all have together.').prefault('4 TiB'),
    uploadsOfOne: count('Of one user, or machine.', 1, 1_000_000).prefault(1_000),
    bytesOfOne: size('What those of one have together.').prefault('1 TiB'),
    restS: seconds('How long one is kept that nobody goes on with.', { atLeast: 600 }).prefault('24h'),
  },
).prefault({});

export const store = group('What an origin keeps for good. One engine for each half.', {
  blobs: group('Where the bytes are.', { files: filesStore.optional(), s3: s3Store.optional() }).prefault({}),
  metadata: group('Where it is written what there is.', {
    sqlite: sqliteStore.optional(),
    postgres: postgresStore.optional(),
  }).prefault({}),
  collection,
  uploads,
  quotaBytes: size(
    'What is published, imported and mirrored on all routes together, in bytes of tarballs. More is refused with 403.',
  ).optional(),
  minFreeBytes: size(
    'While less than this is free on the disk that blobs or metadata are written to, nothing is taken in (507); what is there is served, and may be unpublished. 0: never mind.',
  ).prefault('256 MiB'),
});

/** Of an origin whose config names none. */
export const standardStore = store.parse({});

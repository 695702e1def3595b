import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { eventually, noiseBytes, temporary, virtualClock } from '../../../../test/support/index.ts';
import { type S3Server, startS3 } from '../../../../test/support/s3.ts';
import { type Fate, type Operation, openDoor, type S3Door } from '../../../../test/support/s3-door.ts';
import { systemClock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import { openS3, type S3Options } from '../s3.ts';
import { failure, known, read, sha256Of, streamOf } from '../samples.contract.ts';
import { base64, compositeChecksum } from './protection.ts';

const MIB = 2 ** 20;
const spool = temporary('spool');
let server: S3Server;
beforeAll(async () => {
  server = await startS3();
});
afterAll(async () => {
  await server?.stop();
  spool[Symbol.dispose]();
});

let door: S3Door;
afterEach(() => door?.[Symbol.asyncDispose]());

let count = 0;
const fresh = (sizeBytes: number) => noiseBytes(++count, sizeBytes);

async function open(more: Partial<S3Options> = {}) {
  door = await openDoor(server);
  const { bucket, accessKeyId, secretAccessKey } = server;
  return openS3({
    endpoint: door.url,
    bucket,
    accessKeyId,
    secretAccessKey,
    prefix: '',
    virtualHostedStyle: false,
    redirect: false,
    checksums: true,
    spool: spool.path,
    clock: systemClock,
    random: () => 0,
    env: {},
    ...more,
  });
}

async function detailOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((error: unknown) => error);
  return error instanceof MeridianError ? `${error.code}: ${error.detail}` : String(error);
}

const operations = () => door.requests.map(({ operation }) => operation);
const fieldsOf = (operation: Operation, ...names: string[]) =>
  door.of(operation).map(({ fields }) => names.map((name) => fields[name]));

describe('what a bucket is told', () => {
  test('of an object in one piece: its SHA-256, signed, and how to encrypt it', async () => {
    const store = await open({ encryption: 'AES256' });
    door.decide(() => ({ add: { 'x-amz-server-side-encryption': 'AES256' } }));
    const bytes = fresh(70_000);
    const { sha256 } = await store.write(bytes);
    expect(await read(store, sha256)).toEqual(bytes);
    expect(await store.stat(sha256)).toMatchObject({ sizeBytes: bytes.length });
    await store.list(null, 10);
    await store.delete(sha256);
    expect(operations()).toEqual(['put', 'get', 'head', 'list', 'delete']);
    const [put] = door.of('put');
    expect(put?.fields).toMatchObject({
      'x-amz-content-sha256': sha256,
      'x-amz-checksum-sha256': base64(sha256),
      'x-amz-server-side-encryption': 'AES256',
    });
    expect(put?.signed).toContain('x-amz-checksum-sha256');
    expect(put?.signed).toContain('x-amz-server-side-encryption');
    expect(door.complaints).toEqual([]);
  });

  test('of an object in parts: the SHA-256 of each, of all, the size of the whole, and the key to encrypt it with', async () => {
    const store = await open({ encryption: 'aws:kms', kmsKeyId: 'arn:aws:kms:key/1' });
    door.decide(() => ({ add: { 'x-amz-server-side-encryption': 'aws:kms' } }));
    const bytes = fresh(20 * MIB);
    const { sha256 } = await store.write(streamOf(bytes), known(bytes));
    const encryption = ['x-amz-server-side-encryption', 'x-amz-server-side-encryption-aws-kms-key-id'];
    expect(fieldsOf('begin', ...encryption, 'x-amz-checksum-algorithm', 'x-amz-checksum-type')).toEqual([
      ['aws:kms', 'arn:aws:kms:key/1', 'SHA256', 'COMPOSITE'],
    ]);
    const parts = [bytes.subarray(0, 8 * MIB), bytes.subarray(8 * MIB, 16 * MIB), bytes.subarray(16 * MIB)];
    const digests = parts.map(sha256Of);
    // S3 takes the fields of encryption at the beginning only.
    const sent = fieldsOf('part', 'x-amz-content-sha256', 'x-amz-checksum-sha256', ...encryption);
    expect(sent.sort()).toEqual(
      digests
        .map((digest) => [digest, base64(digest), undefined, undefined] as (string | undefined)[])
        .sort(),
    );
    expect(
      fieldsOf('complete', 'x-amz-checksum-sha256', 'x-amz-checksum-type', 'x-amz-mp-object-size'),
    ).toEqual([[compositeChecksum(digests), 'COMPOSITE', String(20 * MIB)]]);
    const list = door.of('complete')[0]?.body.toString() ?? '';
    expect([...(list.match(/<ChecksumSHA256>[^<]*/g) ?? [])]).toEqual(
      digests.map((digest) => `<ChecksumSHA256>${base64(digest)}`),
    );
    expect(door.complaints).toEqual([]);
    expect(door.mostParts()).toBeLessThanOrEqual(3);
    expect(await read(store, sha256)).toEqual(bytes);
  });

  test('the checksum of parts is the one that Amazon computes', () => {
    // What S3 has answered for three parts with these checksums.
    const parts = [
      'lcKa6Boe7a167tUCN5C4OaFygGSYD8MBnBARTrdL+1w=',
      'gHjhbUT4oo2tSCtSZJdlKi+jeNXJT+VImqdPXsXvkOc=',
      '4l9PQ3zOPZ0oGFvknFX+J4zZwE4WMzO+l3r8XrbWOeM=',
    ].map((checksum) => Buffer.from(checksum, 'base64').toString('hex'));
    expect(compositeChecksum(parts)).toBe('rVWtNbadtsaKXJAcgWPWjifHzJaXde/iV4jaJAOdivc=-3');
  });

  test('without checksums, for servers that do not know them: the signed hash alone', async () => {
    const store = await open({ checksums: false });
    for (const sizeBytes of [1000, 9 * MIB]) {
      const bytes = fresh(sizeBytes);
      await store.write(streamOf(bytes), known(bytes));
    }
    const told = door.requests.flatMap(({ fields }) => Object.keys(fields));
    expect(told.filter((name) => name.includes('checksum') || name.includes('encryption'))).toEqual([]);
    expect(door.of('complete')[0]?.body.toString()).not.toContain('Checksum');
    expect(door.complaints).toEqual([]);
  });

  test('by temporary credentials, with a bucket that is named by the host, also by way of a proxy', async () => {
    const store = await open({
      virtualHostedStyle: true,
      endpoint: 'http://s3.example.test',
      sessionToken: 'a token/with+signs=',
      redirect: true,
    });
    process.env.http_proxy = door.url;
    try {
      door.decide(() => ({ refuse: 200 }));
      const { sha256 } = await store.write(fresh(1000));
      expect(door.requests).toMatchObject([
        {
          host: 'blobs.s3.example.test',
          path: `/sha256/${sha256}`,
          fields: { 'x-amz-security-token': 'a token/with+signs=' },
        },
      ]);
      expect(door.requests[0]?.signed).toContain('x-amz-security-token');
      expect(door.complaints).toEqual([]);
      const url = new URL(store.url(sha256, 60) ?? '');
      expect(url.host).toBe('blobs.s3.example.test');
      expect(url.searchParams.get('X-Amz-Security-Token')).toBe('a token/with+signs=');
    } finally {
      delete process.env.http_proxy;
    }
  });

  test('by the credentials of the environment, if the config has none', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER', AWS_REGION: 'eu-west-1' };
    const none = { accessKeyId: undefined, secretAccessKey: undefined };
    const store = await open({ ...none, env });
    await store.check();
    expect(door.requests[0]?.fields.authorization).toContain('Credential=S3RVER/');
    expect(door.requests[0]?.fields.authorization).toContain('/eu-west-1/s3/');
    const without = openS3({ ...(await optionsWithout()), ...none });
    expect(await detailOf((await without).check())).toBe(
      'store-unavailable: the bucket has no `accessKeyId`, in the config or the environment',
    );
  });
});

async function optionsWithout(): Promise<S3Options> {
  const more = { redirect: false, checksums: true, virtualHostedStyle: false, prefix: '', env: {} };
  return { ...more, bucket: 'blobs', spool: spool.path, clock: systemClock, random: () => 0 };
}

describe('a bucket that', () => {
  for (const [what, fate] of Object.entries<Fate>({
    'has too much to do': { refuse: 503, code: 'SlowDown' },
    'fails within': { refuse: 500, code: 'InternalError' },
    'waits for the body in vain': { refuse: 400, code: 'RequestTimeout' },
    'has something between that fails': { refuse: 502 },
    'breaks off when it has the head': { cut: 'body' },
    'breaks off without an answer': { cut: 'head' },
    'has received something else': { refuse: 400, code: 'BadDigest' },
    'says that it has received something else': { add: { 'x-amz-checksum-sha256': 'AAAA' } },
  } satisfies Record<string, Fate>)) {
    test(`${what} is asked again, whatever it was`, async () => {
      const store = await open();
      // The answer to HEAD has no code, and nothing is compared but what is put.
      const isOfBodies = 'add' in fate || ('refuse' in fate && fate.refuse === 400);
      const concerned: readonly Operation[] = isOfBodies
        ? ['put', 'part']
        : ['put', 'begin', 'part', 'complete', 'head', 'get'];
      door.decide(({ operation }, number) =>
        number === 1 && concerned.includes(operation) ? fate : undefined,
      );
      for (const sizeBytes of [3000, 11 * MIB]) {
        const bytes = fresh(sizeBytes);
        const { sha256 } = await store.write(streamOf(bytes), known(bytes));
        expect(await store.stat(sha256)).toMatchObject({ sizeBytes });
        expect(await read(store, sha256)).toEqual(bytes);
      }
      const undisturbed = { put: 1, begin: 1, part: 2, complete: 1, head: 2, get: 2 };
      for (const [operation, times] of Object.entries(undisturbed) as [Operation, number][]) {
        const more = concerned.includes(operation) ? 1 : 0;
        expect(door.of(operation).length, operation).toBe(times + more);
      }
      expect(door.complaints).toEqual([]);
    });
  }

  test('never has the time is given up, and the upload with it', async () => {
    const store = await open();
    door.decide(({ operation }) => {
      if (operation === 'part') return { refuse: 503, code: 'SlowDown' };
      return operation === 'abort' ? { refuse: 204 } : undefined;
    });
    const bytes = fresh(11 * MIB);
    const detail = await detailOf(store.write(streamOf(bytes), known(bytes)));
    expect(detail).toBe('store-unavailable: the bucket says SlowDown');
    expect(door.of('abort').length).toBe(1);
    expect(door.of('abort')[0]?.query.uploadId).toBe(door.of('part')[0]?.query.uploadId);
    expect(door.of('complete')).toEqual([]);
    expect(await store.stat(sha256Of(bytes))).toBeNull();
  });

  test('receives something else twice is said to, and the upload is given up', async () => {
    const store = await open();
    door.decide(({ operation, query }) =>
      operation === 'part' && query.partNumber === '2' ? { refuse: 400, code: 'BadDigest' } : undefined,
    );
    const bytes = fresh(11 * MIB);
    const detail = await detailOf(store.write(streamOf(bytes), known(bytes)));
    expect(detail).toStartWith('store-unavailable: the bucket says BadDigest: what arrived there differs');
    expect(door.of('part').filter(({ query }) => query.partNumber === '2').length).toBe(2);
    expect(door.of('abort').length).toBe(1);
    expect(await store.stat(sha256Of(bytes))).toBeNull();
  });

  test('has completed an upload, though its answer was lost, has completed it', async () => {
    const store = await open();
    door.decide(({ operation }, number) => {
      if (operation !== 'complete') return undefined;
      return number === 1 ? { lose: true } : { refuse: 404, code: 'NoSuchUpload' };
    });
    const bytes = fresh(11 * MIB);
    await store.write(streamOf(bytes), known(bytes));
    expect(operations().slice(-3)).toEqual(['complete', 'complete', 'head']);
    expect(await read(store, sha256Of(bytes))).toEqual(bytes);
  });

  test('knows the upload no more, and has not the object, has lost it', async () => {
    const store = await open();
    door.decide(({ operation }) =>
      operation === 'complete' ? { refuse: 404, code: 'NoSuchUpload' } : undefined,
    );
    const bytes = fresh(11 * MIB);
    expect(await failure(store.write(streamOf(bytes), known(bytes)))).toBe('store-unavailable');
  });

  test('breaks off within an answer that is short by its nature is asked again', async () => {
    const store = await open();
    const short: readonly Operation[] = ['begin', 'list'];
    door.decide(({ operation }, number) =>
      short.includes(operation) && number === 1 ? { truncate: true } : undefined,
    );
    const bytes = fresh(9 * MIB);
    const { sha256 } = await store.write(streamOf(bytes), known(bytes));
    expect((await store.list(null, 1000)).map((blob) => blob.sha256)).toContain(sha256);
    expect(short.map((operation) => door.of(operation).length)).toEqual([2, 2]);
  });

  test('fails to complete, and says so with a good status, is not believed', async () => {
    const store = await open();
    const xml = '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>x</Message></Error>';
    door.decide(({ operation }, number) =>
      operation === 'complete' && number === 1 ? { refuse: 200, xml } : undefined,
    );
    const bytes = fresh(11 * MIB);
    await store.write(streamOf(bytes), known(bytes));
    expect(door.of('complete').length).toBe(2);
    expect(await read(store, sha256Of(bytes))).toEqual(bytes);
  });

  test('does not say that it encrypts gets nothing more, and the writer an error', async () => {
    const store = await open({ encryption: 'AES256' });
    const unconfirmed =
      "store-unavailable: the bucket does not say that it encrypts, where `encryption` is 'AES256'";
    expect(await detailOf(store.write(fresh(1000)))).toBe(unconfirmed);
    const bytes = fresh(11 * MIB);
    expect(await detailOf(store.write(streamOf(bytes), known(bytes)))).toBe(unconfirmed);
    expect(door.of('part')).toEqual([]);
  });

  test('has another time says how to set the clock, and is not asked in vain', async () => {
    const minutesMs = 20 * 60_000;
    const store = await open({ clock: virtualClock(Date.now() + minutesMs) });
    const detail = await detailOf(store.check());
    expect(detail).toMatch(
      /^store-unavailable: the bucket says RequestTimeTooSkewed: this machine's clock differs from the bucket's by (1199|120\d) s \(ahead\); have it set by a time server \(NTP\)$/,
    );
    expect(await failure(store.stat(sha256Of(fresh(1))))).toBe('store-unavailable');
    expect(operations()).toEqual(['list', 'head']);
  });

  test('refuses is quoted', async () => {
    const store = await open();
    const refusals = {
      AccessDenied: [403, 'the bucket says AccessDenied: the access key lacks a right'],
      NoSuchBucket: [404, 'the bucket says NoSuchBucket: there is no bucket of this name'],
      SomethingNew: [400, 'the bucket says SomethingNew'],
    } as const;
    for (const [code, [status, sentence]] of Object.entries(refusals)) {
      door.decide(() => ({ refuse: status, code }));
      expect(await detailOf(store.open(sha256Of(fresh(1))))).toStartWith(`store-unavailable: ${sentence}`);
    }
    door.decide(() => ({ refuse: 507 }));
    expect(await failure(store.write(fresh(100)))).toBe('store-full');
  });
});

test('whoever does not want it any more ends the parts that are under way, and the upload', async () => {
  const store = await open();
  const abort = new AbortController();
  const bytes = fresh(40 * MIB);
  const writing = store.write(streamOf(bytes), { ...known(bytes), signal: abort.signal });
  await eventually('a part to be under way', () => door.of('part').length > 0);
  abort.abort(new Error('enough'));
  expect(await writing.catch((error) => error.message)).toBe('enough');
  await eventually('the upload to be given up', () => door.of('abort').length === 1);
  expect(door.of('complete')).toEqual([]);
});

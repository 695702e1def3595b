import { describe, expect, test } from 'bun:test';
import { S3Client } from 'bun';
import { type Asked, encodedPath, encodedQuery, type Signer, signedFields, signedQuery } from './sigv4.ts';

// Amazon S3's API reference, "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query Parameters".
const signer: Signer = {
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
  region: 'us-east-1',
  nowMs: Date.UTC(2013, 4, 24),
};
const nothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const examples = { method: 'GET', host: 'examplebucket.s3.amazonaws.com', path: '/', query: {}, fields: {} };

describe('Amazon’s examples:', () => {
  const cases: Record<string, [asked: Partial<Asked>, payload: string, names: string, signature: string]> = {
    'a range of an object': [
      { path: '/test.txt', fields: { range: 'bytes=0-9' } },
      nothing,
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    'an object that is put': [
      {
        method: 'PUT',
        path: encodedPath('/test$file.text'),
        fields: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      },
      '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    'what a bucket is set to': [
      { query: { lifecycle: '' } },
      nothing,
      'host;x-amz-content-sha256;x-amz-date',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    'a list of objects': [
      { query: { prefix: 'J', 'max-keys': '2' } },
      nothing,
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  };
  for (const [name, [asked, payload, names, signature]] of Object.entries(cases)) {
    test(name, () => {
      const fields = signedFields({ ...examples, ...asked }, payload, signer);
      const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
      expect(fields.authorization).toBe(
        `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${names},Signature=${signature}`,
      );
      expect(fields).toMatchObject({ 'x-amz-date': '20130524T000000Z', 'x-amz-content-sha256': payload });
    });
  }

  test('an address for a day', () => {
    expect(signedQuery({ ...examples, path: '/test.txt' }, 86_400, signer)).toBe(
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });
});

test('addresses are signed as the runtime signs them, with a session token, too', () => {
  const credentials = { ...signer.credentials, sessionToken: 'a token/with+signs=' };
  const client = new S3Client({
    ...credentials,
    bucket: 'blobs',
    endpoint: 'http://127.0.0.1:9000',
    region: 'eu-west-1',
  });
  const theirs = new URL(client.presign("some/o'bject (1)*", { expiresIn: 60, method: 'GET' }));
  const [, year, month, day, hour, minute, second] = (
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(theirs.searchParams.get('X-Amz-Date') ?? '') ?? []
  ).map(Number);
  const nowMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  const asked = { method: 'GET', host: theirs.host, path: theirs.pathname, query: {} };
  const ours = new URLSearchParams(signedQuery(asked, 60, { credentials, region: 'eu-west-1', nowMs }));
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs.searchParams));
});

test('a session token is sent and signed', () => {
  const credentials = { ...signer.credentials, sessionToken: 'token' };
  const fields = signedFields(examples, nothing, { ...signer, credentials });
  expect(fields['x-amz-security-token']).toBe('token');
  expect(fields.authorization).toContain(
    'SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,',
  );
});

test('paths and queries are encoded as they are signed, whatever is in them', () => {
  expect(encodedPath("/a b/c+d/é!'()*~")).toBe('/a%20b/c%2Bd/%C3%A9%21%27%28%29%2A~');
  expect(encodedQuery({ b: '1', 'a/': ' =&', A: '' })).toBe('A=&a%2F=%20%3D%26&b=1');
});

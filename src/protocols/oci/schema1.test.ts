import { expect, test } from 'bun:test';
import { digestOf } from './digest.ts';
import { isSigned, signedAnswer, signedPart } from './schema1.ts';

const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
const bytesOf = (text: string) => new TextEncoder().encode(text);
const payload = '{\n   "schemaVersion": 1,\n   "name": "library/old"\n}';

function signedText(formatLength = payload.length - 2, tail = '\n}'): string {
  const head = { formatLength, formatTail: Buffer.from(tail).toString('base64url') };
  const signatures = [{ protected: Buffer.from(JSON.stringify(head)).toString('base64url'), signature: 'x' }];
  return `${payload.slice(0, -2)},\n   "signatures": ${JSON.stringify(signatures)}\n}`;
}

test('what is signed is the document without its signatures', () => {
  expect(new TextDecoder().decode(signedPart(bytesOf(signedText())) ?? undefined)).toBe(payload);
});

test('a manifest is known by the digest of what is signed, and sent as it is', () => {
  const digest = digestOf(bytesOf(payload));
  const { headers, body } = signedAnswer(digest, bytesOf(signedText()), type, 'no-cache');
  expect(headers.get('docker-content-digest')).toBe(digest);
  expect(headers.get('etag')).toBe(`"${digest}"`);
  expect(body).toEqual(bytesOf(signedText()));
});

test('another digest is refused, and so is a manifest whose signatures say nothing', () => {
  const other = digestOf(bytesOf('other'));
  expect(() => signedAnswer(other, bytesOf(signedText()), type, '')).toThrow('of what is signed');
  for (const text of ['', '{}', '{"signatures":[{"protected":"e30"}]}', signedText(1e6)])
    expect(() => signedAnswer(null, bytesOf(text), type, '')).toThrow('no signature');
});

test('the type may have parameters', () => {
  expect([type, `${type}; charset=utf-8`, 'application/json', null].map(isSigned)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

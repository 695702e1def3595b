import { expect, test } from 'bun:test';
import { formatReprDigest } from '../http/digest.ts';
import { verifiedAnswer } from './tiers.ts';

const right = new Uint8Array(Buffer.from('right'));
const value = new Bun.CryptoHasher('sha256').update(right).digest('base64');

function answerWith(body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>) {
  const headers = new Headers({ 'repr-digest': formatReprDigest({ algorithm: 'sha256', value }) });
  return { status: 200, headers, body };
}

test('a body is what its digest says, whether it has come whole or streams', async () => {
  for (const body of [right, new Blob([right]).stream()]) {
    const verified = verifiedAnswer(answerWith(body));
    expect(await new Response(verified.body).text()).toBe('right');
  }
});

test('other bytes are refused, whole or streaming', async () => {
  const wrong = new Uint8Array(Buffer.from('wrong'));
  expect(() => verifiedAnswer(answerWith(wrong))).toThrow(/expected sha256/);
  const streaming = verifiedAnswer(answerWith(new Blob([wrong]).stream()));
  expect(new Response(streaming.body).text()).rejects.toThrow(/expected sha256/);
});

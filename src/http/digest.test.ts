import { describe, expect, test } from 'bun:test';
import {
  type Digest,
  type DigestAlgorithm,
  formatReprDigest,
  fromIntegrity,
  fromShasum,
  isCheckedAgainst,
  parseReprDigest,
  sha256Checked,
  verified,
} from './digest.ts';

function digest(algorithm: DigestAlgorithm, text: string): Digest {
  return { algorithm, value: new Bun.CryptoHasher(algorithm).update(text).digest('base64') };
}
const [sha1, sha256, sha384, sha512] = (['sha1', 'sha256', 'sha384', 'sha512'] as const).map((name) =>
  digest(name, 'x'),
) as [Digest, Digest, Digest, Digest];
const sri = ({ algorithm, value }: Digest) => `${algorithm}-${value}`;

describe('integrity metadata', () => {
  test('names one digest', () => {
    for (const one of [sha1, sha256, sha384, sha512]) expect(fromIntegrity(sri(one))).toEqual(one);
  });

  test('or several, of which the strongest counts', () => {
    expect(fromIntegrity([sha1, sha512, sha384].map(sri).join(' '))).toEqual(sha512);
    expect(fromIntegrity(`\t${sri(sha1)}\n ${sri(sha256)} `)).toEqual(sha256);
    expect(fromIntegrity(`sha512-bad ${sri(sha256)}`)).toEqual(sha256);
    expect(fromIntegrity(`${sri(sha256)} ${sri(digest('sha256', 'y'))}`)).toEqual(sha256);
  });

  test('may have options, and base64 in any form', () => {
    expect(fromIntegrity(`${sri(sha256)}?ct=text/plain`)).toEqual(sha256);
    const url = sri(sha512).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    expect(fromIntegrity(url)).toEqual(sha512);
  });

  test('that cannot be checked is none', () => {
    for (const text of [
      '',
      ' ',
      'md5-CY9rzUYh03PK3k6DJie09g==',
      'sha256-',
      'sha256-AAAA',
      'sha256',
      `SHA256-${sha256.value}`,
      `sha512-${sha256.value}`,
    ]) {
      expect(fromIntegrity(text)).toBeUndefined();
    }
  });
});

describe('a shasum', () => {
  test('is hexadecimal', () => {
    const hex = new Bun.CryptoHasher('sha1').update('x').digest('hex');
    expect(fromShasum(hex)).toEqual(sha1);
    expect(fromShasum(hex.toUpperCase())).toEqual(sha1);
    expect(fromShasum(new Bun.CryptoHasher('sha256').update('x').digest('hex'))).toEqual(sha256);
  });

  test('or none', () => {
    for (const text of ['', 'abc', 'g'.repeat(40), ` ${'0'.repeat(39)}`, '0'.repeat(41)])
      expect(fromShasum(text)).toBeUndefined();
  });
});

describe('Repr-Digest', () => {
  test('is written and read', () => {
    expect(formatReprDigest(sha256)).toBe(`sha-256=:${sha256.value}:`);
    expect(formatReprDigest(sha1)).toBe(`sha=:${sha1.value}:`);
    for (const one of [sha1, sha256, sha384, sha512])
      expect(parseReprDigest(formatReprDigest(one))).toEqual(one);
  });

  test('may name several, of which the strongest counts', () => {
    expect(
      parseReprDigest(`md5=:AAAA:, ${formatReprDigest(sha256)};a=1,\t${formatReprDigest(sha512)}`),
    ).toEqual(sha512);
    expect(parseReprDigest(`sha-512=:AAAA:, ${formatReprDigest(sha256)}`)).toEqual(sha256);
  });

  test('that is malformed says nothing', () => {
    for (const value of [
      null,
      '',
      'sha-256',
      'sha-256=abc',
      'sha-256=(:AAAA:)',
      `sha-256=${sha256.value}`,
      `${formatReprDigest(sha256)},`,
      'sha-256=:~:',
    ]) {
      expect(parseReprDigest(value)).toBeUndefined();
    }
  });
});

describe('a verified stream', () => {
  const mismatch = (actual: string) => new Error(`hashed to ${actual}`);

  /** A body of these chunks, which notes what is asked of it. */
  function source(chunks: string[]) {
    const log = { pulls: 0, cancelled: undefined as unknown };
    const rest = chunks.map((chunk) => new TextEncoder().encode(chunk));
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          log.pulls++;
          const next = rest.shift();
          if (next) controller.enqueue(next);
          else controller.close();
        },
        cancel(reason) {
          log.cancelled = reason;
        },
      },
      { highWaterMark: 0 },
    );
    return { body, log };
  }

  /** What arrives, and the error that ends it. */
  async function drain(stream: ReadableStream<Uint8Array>): Promise<{ text: string; error: unknown }> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of stream) text += decoder.decode(chunk);
      return { text, error: undefined };
    } catch (error) {
      return { text, error };
    }
  }

  test('passes on a body that is what it promises', async () => {
    for (const chunks of [[], ['abc'], ['a', 'b', 'c'], ['', 'ab', '', 'c', '']]) {
      const { body } = source(chunks);
      const expected = digest('sha256', chunks.join(''));
      expect(await drain(verified(body, expected, mismatch))).toEqual({
        text: chunks.join(''),
        error: undefined,
      });
    }
  });

  test('fails before the last chunk of any other', async () => {
    const actual = digest('sha512', 'abc').value;
    expect(await drain(verified(source(['a', 'b', 'c']).body, sha512, mismatch))).toEqual({
      text: 'ab',
      error: mismatch(actual),
    });
    expect(await drain(verified(source(['abc']).body, sha512, mismatch))).toEqual({
      text: '',
      error: mismatch(actual),
    });
    expect((await drain(verified(source([]).body, sha512, mismatch))).error).toBeInstanceOf(Error);
  });

  test('fails as its source fails', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('reset')),
    });
    expect((await drain(verified(broken, sha1, mismatch))).error).toEqual(new Error('reset'));
  });

  test('reads only what is asked for, and one chunk more', async () => {
    const { body, log } = source(['a', 'b', 'c', 'd', 'e']);
    const reader = verified(body, digest('sha1', 'abcde'), mismatch).getReader();
    await Bun.sleep(0);
    expect(log.pulls).toBe(0);
    await reader.read();
    expect(log.pulls).toBe(2);
    await reader.read();
    await Bun.sleep(0);
    expect(log.pulls).toBe(3);
  });

  test('says which SHA-256 it compares with, of that very stream alone', () => {
    const { value } = digest('sha256', 'abc');
    const body = verified(source(['abc']).body, { algorithm: 'sha256', value }, mismatch);
    expect(sha256Checked(body)).toBe(Buffer.from(value, 'base64').toString('hex'));
    expect(sha256Checked(body.pipeThrough(new TransformStream()))).toBeNull();
    expect(sha256Checked(verified(source(['abc']).body, sha512, mismatch))).toBeNull();
    expect([sha256, sha512].map((each) => isCheckedAgainst(body, each))).toEqual([false, false]);
    expect(isCheckedAgainst(body, { algorithm: 'sha256', value })).toBe(true);
  });

  test('cancels its source', async () => {
    const { body, log } = source(['a', 'b', 'c']);
    const reader = verified(body, sha1, mismatch).getReader();
    await reader.read();
    await reader.cancel('enough');
    expect(log.cancelled).toBe('enough');
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { splitter } from './split.ts';

interface Parts {
  readonly document: string;
  readonly tarballs: readonly (readonly [file: string, bytes: string])[];
}

/** Splits a text that arrives in chunks of so many bytes. */
function split(text: string, chunkBytes: number): Parts {
  const bytes = Buffer.from(text);
  const reader = splitter();
  const document: Uint8Array[] = [];
  const tarballs: [string, string][] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const piece of reader.push(bytes.subarray(at, at + chunkBytes))) {
      if (piece.kind === 'document') document.push(piece.bytes);
      else if (piece.kind === 'tarball') tarballs.push([piece.file, '']);
      else if (piece.kind === 'bytes') {
        const last = tarballs.at(-1);
        if (last) last[1] += Buffer.from(piece.bytes).toString('latin1');
      }
    }
  }
  reader.end();
  return { document: Buffer.concat(document).toString('utf8'), tarballs };
}

const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');

test('a tarball comes out as bytes, and the rest as it is, wherever a chunk ends', () => {
  const text = JSON.stringify({
    name: 'own',
    _attachments: { 'own-1.0.0.tgz': { content_type: 'x', data: base64('the tarball'), length: 11 } },
    readme: 'a "data" \\ text',
  });
  const without = text.replace(base64('the tarball'), '');
  for (let chunkBytes = 1; chunkBytes <= text.length; chunkBytes++) {
    expect(split(text, chunkBytes)).toEqual({
      document: without,
      tarballs: [['own-1.0.0.tgz', 'the tarball']],
    });
  }
});

test('escaped slashes, white space and escaped keys make no difference', () => {
  const data = base64('\xff\xff\xff\xfe\xfe???').replaceAll('/', '\\/');
  const text = `{ "_attachm\\u0065nts" : { "a.tgz" : { "data" : "${data}" } } }`;
  for (const chunkBytes of [1, 2, 3, 7, 1000])
    expect(split(text, chunkBytes).tarballs).toEqual([['a.tgz', '\xff\xff\xff\xfe\xfe???']]);
});

describe('no tarball is', () => {
  const data = base64('bytes');
  const others = {
    'what lies deeper': { x: { _attachments: { 'a.tgz': { data } } } },
    'another attachment': { _attachments: { 'a.sigstore': { data } } },
    'another field': { _attachments: { 'a.tgz': { datum: data } } },
    'in a list': { _attachments: [{ 'a.tgz': { data } }] },
    'a text that looks like it': { readme: `{"_attachments":{"a.tgz":{"data":"${data}"}}}` },
  };
  for (const [what, document] of Object.entries(others)) {
    test(what, () => {
      const text = JSON.stringify(document);
      expect(split(text, 5)).toEqual({ document: text, tarballs: [] });
    });
  }
});

describe('refused is', () => {
  const refused: Record<string, string> = {
    'a tarball that breaks off': '{"_attachments":{"a.tgz":{"data":"AAAA',
    'base64 that is none': '{"_attachments":{"a.tgz":{"data":"A*AA"}}}',
    'half a group': '{"_attachments":{"a.tgz":{"data":"AAAAA"}}}',
    'more behind its end': '{"_attachments":{"a.tgz":{"data":"AA==AAAA"}}}',
    'a document without a floor': '['.repeat(2_000),
  };
  for (const [what, text] of Object.entries(refused)) {
    test(what, () => {
      for (const chunkBytes of [1, 4, 10_000])
        expect(() => split(text, chunkBytes)).toThrow('request-malformed');
    });
  }
});

test('any document that holds no tarball comes out as it went in', () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 1, max: 64 }), (text, chunkBytes) => {
      expect(split(text, chunkBytes)).toEqual({ document: text, tarballs: [] });
    }),
    { numRuns: 500 },
  );
});

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { sourceField } from '../rendered.ts';
import { type Source, sourceOf, writeSource } from './source.ts';
import { entryWith } from './world.contract.ts';

const remote = 'https://registry.example';

const sources: fc.Arbitrary<Source> = fc.record({
  remote: fc.constant(remote),
  form: fc.constantFrom('abbreviated', 'full'),
  etag: fc.option(fc.string({ unit: 'binary' })),
  lastModified: fc.option(fc.string()),
  sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
  stamp: fc.option(fc.record({ terms: fc.base64String(), changesAtMs: fc.option(fc.nat()) })),
});

function readAgain(field: string): Source | null {
  return sourceOf(entryWith([...new Headers({ [sourceField]: field })]), remote);
}

test('what the upstream said survives as a header field, whatever characters it used', () => {
  fc.assert(
    fc.property(sources, (source) => {
      const field = writeSource(source);
      expect(field).toMatch(/^[\x20-\x7e]+$/);
      expect(readAgain(field)).toEqual(source);
    }),
  );
});

test('a field that cannot be read counts as none', () => {
  const whole = writeSource({
    remote,
    form: 'full',
    etag: null,
    lastModified: null,
    sha256: 'ab',
    stamp: null,
  });
  expect(readAgain(whole)).not.toBeNull();
  const older = whole.replace('"derivation":2', '"derivation":1');
  for (const field of ['', '{', '[]', 'null', '1', '{"sha256":"ab"}', older]) {
    expect(readAgain(field)).toBeNull();
  }
  expect(sourceOf(null, remote)).toBeNull();
  expect(sourceOf(entryWith([]), remote)).toBeNull();
});

test('what another registry said does not count', () => {
  const field = writeSource({
    remote: 'https://other.example',
    form: 'full',
    etag: null,
    lastModified: null,
    sha256: 'ab',
    stamp: null,
  });
  expect(readAgain(field)).toBeNull();
});

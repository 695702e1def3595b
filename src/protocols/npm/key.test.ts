import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Item, itemOf, keyOf, renderingOf } from './key.ts';

const word = fc.stringMatching(/^[a-z0-9~][a-z0-9.~+-]{0,12}$/);
const name = fc.oneof(
  word,
  fc.tuple(word, word).map(([scope, bare]) => `@${scope}/${bare}`),
);
const form = fc.constantFrom('abbreviated', 'full');

const items: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constant('packument'), form, name }),
  fc.record({ kind: fc.constantFrom('manifest', 'attestations'), name, version: word }),
  fc.record({ kind: fc.constant('tarball'), name, file: word }),
  fc.record({ kind: fc.constantFrom('dist-tags', 'index'), name }),
  fc.constant({ kind: 'keys' }),
);
const renderings = fc.record({ address: fc.webUrl({ validSchemes: ['http', 'https'] }) });

test('a key says what it stands for', () => {
  fc.assert(
    fc.property(items, fc.option(renderings), (item, rendering) => {
      const key = keyOf('npm', item, rendering);
      expect(itemOf(key)).toEqual(item);
      expect(renderingOf(key)).toEqual(rendering);
      expect(key).toMatch(/^npm [\x21-\x7e]+( [\x21-\x7e]+)?$/);
    }),
  );
});

test('a key of somebody else stands for nothing', () => {
  const foreign = keyOf('npm', { kind: 'keys' }).replace('keys', 'page/index.html') as ReturnType<
    typeof keyOf
  >;
  expect(itemOf(foreign)).toBeNull();
});

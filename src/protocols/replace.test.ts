import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { replacer } from './replace.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function replaced(text: string, cuts: readonly number[], needle: string, replacement: string): string {
  const links = replacer(bytes(needle), bytes(replacement));
  const whole = bytes(text);
  const parts: Uint8Array[] = [];
  const ends = [...cuts].sort((a, b) => a - b).map((cut) => Math.min(cut, whole.length));
  let from = 0;
  for (const end of [...ends, whole.length]) {
    parts.push(links.push(whole.slice(from, end)));
    from = end;
  }
  return Buffer.concat([...parts, links.end()]).toString();
}

const needle = '"tarball":"http://meridian.invalid/';
const replacement = '"tarball":"https://packages.example.com/npm/';

test('every link is replaced, wherever a chunk ends', () => {
  const text = `{"dist":{${needle}a/-/a-1.tgz"}},{"dist":{${needle}ä/-/b.tgz","x":${needle}${needle}"}`;
  const expected = text.replaceAll(needle, replacement);
  for (let cut = 0; cut <= bytes(text).length; cut++) {
    expect(replaced(text, [cut], needle, replacement)).toBe(expected);
    for (let other = cut; other <= cut + needle.length + 1; other++) {
      expect(replaced(text, [cut, other], needle, replacement)).toBe(expected);
    }
  }
});

test('one byte at a time is enough', () => {
  const text = `"tar"tarball":"http://meridian.inva${needle}${needle}x"tarball":"http`;
  const cuts = Array.from(text, (_, index) => index);
  expect(replaced(text, cuts, needle, replacement)).toBe(text.replaceAll(needle, replacement));
});

test('it does what replacing in the whole text would do', () => {
  const alphabet = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 60 });
  const needles = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 });
  const cuts = fc.array(fc.nat(60), { maxLength: 12 });
  fc.assert(
    fc.property(alphabet, needles, alphabet, cuts, (text, what, by, at) => {
      expect(replaced(text, at, what, by)).toBe(text.replaceAll(what, () => by));
    }),
    { numRuns: 5_000 },
  );
});

test('what cannot become a link is not held back', () => {
  const links = replacer(bytes(needle), bytes(replacement));
  expect(links.push(bytes('{"versions":{')).length).toBe(13);
  expect(links.push(bytes('"tarb')).length).toBe(0);
  expect(Buffer.from(links.push(bytes('le')))).toEqual(Buffer.from('"tarble'));
});

/** Indexes, read from both forms that upstreams have and rendered in both that clients take. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NotAnIndex, type ProjectPage } from './page.ts';
import { readHtmlList, readHtmlPage } from './read-html.ts';
import { readJsonList, readJsonPage } from './read-json.ts';
import { findStored, readStored, writeStored } from './stored.ts';
import { writeHtmlList, writeHtmlPage, writeJsonList, writeJsonPage } from './write-page.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const sha256 = 'a'.repeat(64);
const url = 'https://upstream.example/simple/foo-bar/';

const file = {
  filename: 'foo_bar-1.0-py3-none-any.whl',
  url: '../../files/foo_bar-1.0-py3-none-any.whl',
  hashes: { sha256, blake2b: 'b'.repeat(64) },
  'requires-python': '>=3.8,<4',
  'core-metadata': { sha256: 'c'.repeat(64) },
  size: 12,
  'upload-time': '2024-01-02T03:04:05.678901Z',
  yanked: 'breaks <everything> & "more"',
  provenance: 'https://upstream.example/integrity/foo-bar/1.0/provenance',
};

const said = {
  meta: { 'api-version': '1.4', tracks: ['https://tracked.example/simple/foo-bar/'], _other: 1 },
  'project-status': { status: 'archived', reason: 'use another' },
  'alternate-locations': ['https://other.example/simple/foo-bar/'],
  name: 'Foo.Bar',
  versions: ['0.1', '1.0'],
  files: [file],
};

const json = (value: unknown) => bytes(JSON.stringify(value));
const page = () => readJsonPage('foo-bar', json(said), url);
const withFile = (changes: object) => json({ ...said, files: [{ ...file, ...changes }] });
const firstOf = ({ files }: ProjectPage) => {
  const [first] = files;
  if (first === undefined) throw new Error('there is no file');
  return first;
};

describe('an index in JSON', () => {
  test('is read with all that the interface has', () => {
    expect(page()).toEqual({
      name: 'foo-bar',
      files: [
        {
          name: file.filename,
          version: '1.0',
          url: 'https://upstream.example/files/foo_bar-1.0-py3-none-any.whl',
          hashes: { sha256 },
          requiresPython: '>=3.8,<4',
          yanked: file.yanked,
          metadata: { sha256: 'c'.repeat(64) },
          sizeBytes: 12,
          uploadTime: file['upload-time'],
          provenance: file.provenance,
        },
      ],
      versions: ['0.1', '1.0'],
      tracks: said.meta.tracks,
      alternateLocations: said['alternate-locations'],
      status: { status: 'archived', reason: 'use another' },
    });
  });

  test('comes out as it went in, but for addresses', () => {
    const again = readJsonPage(
      'foo-bar',
      bytes(writeJsonPage(page())),
      'https://pop.example/pypi/simple/foo-bar/',
    );
    expect(again).toEqual({
      ...page(),
      files: [
        { ...firstOf(page()), url: 'https://pop.example/pypi/files/foo-bar/foo_bar-1.0-py3-none-any.whl' },
      ],
    });
  });

  test('is the same after it was kept, and a file is found in it', () => {
    const from = 'https://upstream.example/simple';
    const kept = { ...page(), from, files: [{ ...firstOf(page()), refused: null }] };
    const stored = bytes(writeStored(kept));
    expect(readStored(stored)).toEqual(kept);
    expect(findStored(stored, file.filename)).toEqual({ file: { ...firstOf(page()), refused: null }, from });
    expect(findStored(stored, 'foo_bar-1.0-py3')).toBeNull();
  });

  test('names the metadata by the old names, too', () => {
    const metadata = { sha256: 'd'.repeat(64) };
    const only = (key: string) => withFile({ 'core-metadata': undefined, [key]: metadata });
    for (const key of ['dist-info-metadata', 'data-dist-info-metadata']) {
      expect(firstOf(readJsonPage('foo-bar', only(key), url)).metadata).toEqual(metadata);
    }
    expect(firstOf(readJsonPage('foo-bar', withFile({ 'core-metadata': true }), url)).metadata).toBeNull();
  });

  test('without sizes is rendered as version 1.0, with the versions of its files', () => {
    const read = readJsonPage(
      'foo-bar',
      json({ meta: { 'api-version': '1.0' }, files: [{ ...file, size: undefined }] }),
      url,
    );
    const written = JSON.parse(writeJsonPage(read));
    expect(written.meta['api-version']).toBe('1.0');
    expect(written.versions).toEqual(['1.0']);
    expect(written.files[0]).not.toHaveProperty('size');
  });

  test.each([
    ['broken', bytes('{"meta":'), 'is not'],
    ['not in UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'is not'],
    ['of a version to come', json({ ...said, meta: { 'api-version': '2.0' } }), 'version 2.0'],
    ['without files', json({ meta: { 'api-version': '1.0' } }), 'files'],
    ['with a file that has no hashes', withFile({ hashes: undefined }), 'files 0 hashes'],
    ['with a size that is none', withFile({ size: -1 }), 'files 0 size'],
    ['another document', json(['a']), 'no index'],
    ['deep nesting', bytes('['.repeat(200_000)), 'is not'],
  ])('that is %s is refused', (_, document, why) => {
    expect(() => readJsonPage('foo-bar', document, url)).toThrow(NotAnIndex);
    expect(() => readJsonPage('foo-bar', document, url)).toThrow(why);
  });

  test.each([
    ['a way out of the tree', { filename: '../foo_bar-1.0-py3-none-any.whl' }],
    ['a line break', { filename: 'foo_bar-1.0\r\nSet-Cookie: a=b-py3-none-any.whl' }],
    ['another project', { filename: 'bar-1.0-py3-none-any.whl' }],
    ['no version', { filename: 'foo_bar-latest.tar.gz' }],
    ['an address that is none', { url: 'javascript:alert(1)' }],
    ['a file of the machine', { url: 'file:///etc/passwd' }],
  ])('has no file with %s', (_, changes) => {
    expect(readJsonPage('foo-bar', withFile(changes), url).files).toEqual([]);
  });

  test('counts no hash that is none', () => {
    const read = (hashes: object) => firstOf(readJsonPage('foo-bar', withFile({ hashes }), url)).hashes;
    expect(read({ sha256: 'XYZ', md5: 'AB'.repeat(16) })).toEqual({ md5: 'ab'.repeat(16) });
    expect(read({ sha256: 'a'.repeat(63) })).toEqual({});
    expect(read({ constructor: 'a', __proto__: 'b' })).toEqual({});
  });
});

describe('an index in HTML', () => {
  test('is rendered from what was read in JSON, and says as much as HTML can', () => {
    const html = writeHtmlPage(page());
    const again = readHtmlPage('foo-bar', bytes(html), url);
    const { sizeBytes, uploadTime, ...rest } = firstOf(page());
    expect(again).toEqual({
      ...page(),
      versions: null,
      files: [
        {
          ...rest,
          ...{ sizeBytes: null, uploadTime: null },
          url: 'https://upstream.example/files/foo-bar/foo_bar-1.0-py3-none-any.whl',
        },
      ],
    });
  });

  const html = (body: string) => readHtmlPage('foo-bar', bytes(body), url);

  test('is read with references, bases, comments and capitals', () => {
    const { files } =
      html(`<HTML><base href="https://files.example/a/"><!-- <a href="foo_bar-0.1.tar.gz">no</a> -->
      <A HREF='foo_bar-1.0.tar.gz#sha256=${sha256.toUpperCase()}' data-requires-python="&gt;=3.8&#44;&#x3c;4" data-yanked>any text</A>
      <a href="b/foo_bar-1.0%2Blocal-py3-none-any.whl" data-dist-info-metadata="sha256=${sha256}">x</a><a>no address</a>`);
    expect(files).toMatchObject([
      {
        name: 'foo_bar-1.0.tar.gz',
        url: 'https://files.example/a/foo_bar-1.0.tar.gz',
        hashes: { sha256 },
        requiresPython: '>=3.8,<4',
        yanked: '',
      },
      { name: 'foo_bar-1.0+local-py3-none-any.whl', version: '1.0+local', hashes: {}, metadata: { sha256 } },
    ]);
  });

  test('leads to no other scheme, and not out of the tree', () => {
    const hrefs = [
      'file:///etc/foo_bar-1.0.tar.gz',
      'foo_bar-1.0.tar.gz%2f..%2fpasswd',
      '//%zz/foo_bar-1.0.tar.gz',
    ];
    expect(html(hrefs.map((href) => `<a href="${href}">a</a>`).join('')).files).toEqual([]);
  });

  test('of a version to come, or in no UTF-8, is refused', () => {
    expect(() => html('<meta name="pypi:repository-version" content="2.0">')).toThrow('version 2.0');
    expect(() => readHtmlPage('foo-bar', new Uint8Array([0xff]), url)).toThrow(NotAnIndex);
  });

  test('that is a bomb of attributes and open tags costs no more than its length', () => {
    const started = performance.now();
    expect(html('<a href="'.repeat(100_000)).files).toEqual([]);
    expect(html(`<a ${'x=y '.repeat(100_000)}>`).files).toEqual([]);
    expect(html('<div>'.repeat(200_000)).files).toEqual([]);
    expect(html(`<a href="${'&amp'.repeat(200_000)}">`).files).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('writes nothing that could be taken for a tag', () => {
    const first = firstOf(page());
    const evil = { ...first, requiresPython: '"><script>alert(1)</script>' };
    expect(writeHtmlPage({ ...page(), files: [evil] })).not.toContain('<script>');
  });
});

describe('whatever an index says', () => {
  const anything = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
  const said = fc.record({
    yanked: fc.option(anything),
    requiresPython: fc.option(anything),
    provenance: fc.option(fc.webUrl()),
    sizeBytes: fc.option(fc.nat()),
    metadata: fc.constantFrom(null, { sha256: 'e'.repeat(64) }),
  });

  test('is the same when it comes out of JSON, and out of what is kept', () => {
    fc.assert(
      fc.property(said, (changes) => {
        const kept = { ...page(), from: url, files: [{ ...firstOf(page()), ...changes, refused: null }] };
        expect(readStored(bytes(writeStored(kept)))).toEqual(kept);
        const { yanked, requiresPython } = firstOf(readJsonPage('foo-bar', bytes(writeJsonPage(kept)), url));
        expect({ yanked, requiresPython }).toEqual({
          yanked: changes.yanked,
          requiresPython: changes.requiresPython,
        });
      }),
    );
  });

  test('is the same when it comes out of HTML, but for line breaks and what HTML has no place for', () => {
    const plain = (text: string | null) => text?.replaceAll(/[\0\r\n]/g, '') ?? null;
    fc.assert(
      fc.property(said, (changes) => {
        const { yanked, requiresPython } = {
          yanked: plain(changes.yanked),
          requiresPython: plain(changes.requiresPython),
        };
        const written = writeHtmlPage({ ...page(), files: [{ ...firstOf(page()), yanked, requiresPython }] });
        const again = firstOf(readHtmlPage('foo-bar', bytes(written), url));
        expect({ yanked: again.yanked, requiresPython: again.requiresPython }).toEqual({
          yanked,
          requiresPython,
        });
      }),
    );
  });

  test('is read or refused, and nothing else', () => {
    const pieces = [
      '<a',
      ' href=',
      '"',
      "'",
      '>',
      '</a>',
      '<!--',
      '-->',
      '<base href="',
      '&#x',
      '&amp;',
      '{',
      '[',
      '"files":',
      'foo_bar-1.0.tar.gz',
      '\0',
    ];
    const text = fc.oneof(
      anything,
      fc.array(fc.constantFrom(...pieces)).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (document) => {
        for (const read of [readHtmlPage, readJsonPage]) {
          try {
            read('foo-bar', bytes(document), url);
          } catch (error) {
            expect(error).toBeInstanceOf(NotAnIndex);
          }
        }
      }),
    );
  });
});

test('a list of projects is read and rendered in both forms', () => {
  const names = ['foo-bar', 'six'];
  expect(readJsonList(bytes(writeJsonList(names)))).toEqual(names);
  expect(readHtmlList(bytes(writeHtmlList(names)), 'https://upstream.example/simple/')).toEqual(names);
  expect(() => readJsonList(json({ projects: [] }))).toThrow(NotAnIndex);
});

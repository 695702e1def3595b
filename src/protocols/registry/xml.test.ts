import { describe, expect, test } from 'bun:test';
import { childOf, childrenOf, childText, escapeXml, readXml, type XmlBounds, XmlError } from './xml.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string, bounds?: Partial<XmlBounds>) => readXml(bytesOf(text), bounds);

function refusal(document: string | Uint8Array, bounds?: Partial<XmlBounds>): string {
  try {
    readXml(typeof document === 'string' ? bytesOf(document) : document, bounds);
  } catch (error) {
    if (error instanceof XmlError) return error.message;
    throw error;
  }
  return 'read';
}

describe('XML is read as a tree', () => {
  test('of elements, attributes and text, whatever their prefixes', () => {
    const project = read(
      `<?xml version="1.0" encoding="UTF-8"?>
       <!-- a -- > comment -->
       <m:project xmlns:m="urn:m" xmlns="urn:x" m:kind='a "b"' empty="">
         <name> One &amp; two &#x263A;&#9786; </name>
         <deps><dep id="1"/><dep id="2" ></dep></deps>
         <script><![CDATA[a < b && c]]> d</script>
       </m:project >`,
    );
    expect(project.name).toBe('project');
    expect([...project.attributes]).toEqual([
      ['kind', 'a "b"'],
      ['empty', ''],
    ]);
    expect(childText(project, 'name')).toBe('One & two ☺☺');
    expect(childrenOf(childOf(project, 'deps'), 'dep').map((dep) => dep.attributes.get('id'))).toEqual([
      '1',
      '2',
    ]);
    expect(childText(project, 'script')).toBe('a < b && c d');
    expect(childText(project, 'deps', 'dep')).toBeUndefined();
    expect(childText(project, 'none', 'at', 'all')).toBeUndefined();
  });

  test('in the encodings that such files have', () => {
    const text = '<a>grün</a>';
    expect(read(`\ufeff${text}`).text).toBe('grün');
    const latin = `<?xml version="1.0" encoding="ISO-8859-1"?>${text}`;
    expect(readXml(Uint8Array.from(latin, (character) => character.charCodeAt(0))).text).toBe('grün');
    const wide = new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'));
    expect(readXml(wide).text).toBe('grün');
  });

  test('and what is written is read back', () => {
    const text = `a < b & "c" > 'd'\u0001`;
    const back = read(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`);
    expect(back.text).toBe(`a < b & "c" > 'd'`);
    expect(back.attributes.get('b')).toBe(back.text);
  });
});

describe('what is hostile is refused', () => {
  test('document types, and entities that only they could declare', () => {
    const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(
      '',
    );
    expect(refusal(`<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><a>&l9;</a>`)).toContain('document type');
    expect(refusal('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>')).toContain('document type');
    expect(refusal('<a>&l9;</a>')).toBe('names an entity that XML itself does not have: &l9;');
    expect(refusal('<a b="&oslash;"/>')).toContain('&oslash;');
    expect(refusal('<a>&constructor;</a>')).toContain('&constructor;');
    for (const code of ['#0', '#x110000', '#xD800', '#8', '#', ''])
      expect(refusal(`<a>&${code};</a>`)).toContain('entity');
  });

  test('what is too long, too deep, or too much', () => {
    expect(refusal('<a/>', { maxBytes: 3 })).toBe('is longer than 3 bytes');
    expect(refusal(`${'<a>'.repeat(100_000)}`)).toBe('has elements more than 64 deep inside of one another');
    expect(refusal(`<a>${'<b/>'.repeat(100_000)}</a>`)).toBe('has more than 100000 elements');
    const many = Array.from({ length: 100 }, (_, n) => `a${n}="1"`).join(' ');
    expect(refusal(`<a ${many}/>`)).toBe('has more than 64 attributes in <a>');
    expect(refusal(`<a b="${'x'.repeat(1_000_000)}"/>`)).toBe('has a tag of more than 65536 characters');
  });

  test('what is not well-formed', () => {
    for (const [document, why] of [
      ['', 'holds no element'],
      ['   ', 'holds no element'],
      ['text', 'text outside'],
      ['<a>', 'ends before </a>'],
      ['<a></b>', 'ends <b>'],
      ['</a>', 'ends <a>'],
      ['<a/><b/>', 'more than one root'],
      ['<a/>text', 'text outside'],
      ['<a', 'a tag that does not end'],
      ['<a b="c', 'a tag that does not end'],
      ['<a <b/></a>', 'a tag that does not end'],
      ['<a b=c/>', 'malformed tag'],
      ['<a b="1" b="2"/>', 'says b twice'],
      ['<a b="<"/>', 'malformed tag'],
      ['< a/>', 'without a proper name'],
      ['<1/>', 'without a proper name'],
      ['<a><!-- </a>', 'ends inside of a comment'],
      ['<a><![CDATA[ </a>', 'ends inside of a section'],
      ['<a>\0</a>', 'zero character'],
      ['<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>', 'an encoding that is not read'],
    ]) {
      expect(refusal(document!)).toContain(why!);
    }
    expect(refusal(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e))).toBe(
      'is not UTF-8, which it claims to be',
    );
  });

  test('in time that grows with its length alone', () => {
    const started = process.cpuUsage();
    for (const document of [
      '<a '.repeat(300_000),
      `<a ${' '.repeat(60_000)}`,
      `<a>${'&'.repeat(1_000_000)}`,
      `<a>${'<!--'.repeat(250_000)}`,
      `<a${' b'.repeat(30_000)}>`,
    ]) {
      expect(refusal(document)).not.toBe('read');
    }
    const { user } = process.cpuUsage(started);
    expect(user / 1e6).toBeLessThan(2);
  });
});

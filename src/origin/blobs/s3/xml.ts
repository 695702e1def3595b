/** The little of XML that a bucket's answers are made of: elements with text inside, found by their names. */

/** What each element of that name holds, in order. Elements of one name lie in one another nowhere in S3's answers. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, inside = '']) => inside,
  );
}

/** The text of the first one. */
export function textOf(xml: string, name: string): string | undefined {
  const [inside] = elements(xml, name);
  return inside?.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, named: string) =>
    named === undefined ? characterOf(hex, decimal) : (characters[named] ?? all),
  );
}

/** As text inside of an element. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function characterOf(hex: string | undefined, decimal: string | undefined): string {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

/**
 * XML as packages bring it (POMs, nuspecs, metadata of repositories), read within bounds: a tree of elements with their attributes and text.
 *
 * It comes from strangers, so what such files have no use for is an error and never carried out: document types and with them entities of one's
 * own, which is where bombs and reads of other files come from. Everything else is bounded: bytes, depth, elements, attributes. One pass, no
 * recursion, and what is not well-formed is refused rather than guessed at (XML 1.0, fifth edition; Namespaces in XML: prefixes are dropped).
 */

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** By their names, without prefixes. Declarations of namespaces are not among them. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** What stands right inside of it, without that of its children; not trimmed. */
  readonly text: string;
}

export interface XmlBounds {
  readonly maxBytes: number;
  /** Elements inside of one another. */
  readonly maxDepth: number;
  /** In the whole document. */
  readonly maxElements: number;
  /** Of one element. */
  readonly maxAttributes: number;
  /** Of one tag with all its attributes, in characters. */
  readonly maxTagChars: number;
}

/** More than any POM, nuspec or list of versions has. */
const xmlBounds: XmlBounds = {
  maxBytes: 4 * 1024 * 1024,
  maxDepth: 64,
  maxElements: 100_000,
  maxAttributes: 64,
  maxTagChars: 64 * 1024,
};

/** Why a document is not read, in words for whoever sent it: completes "the document …". */
export class XmlError extends Error {}

/** @throws {XmlError} for what is too large, not well-formed, or has a document type. */
export function readXml(bytes: Uint8Array, bounds: Partial<XmlBounds> = {}): XmlElement {
  const within = { ...xmlBounds, ...bounds };
  if (bytes.length > within.maxBytes) throw new XmlError(`is longer than ${within.maxBytes} bytes`);
  return readTree(decode(bytes), within);
}

/** The first child of that name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** Trimmed text of the first child of that name, or of what the names lead to, one inside the other; `undefined`: there is none, or no text. */
export function childText(element: XmlElement | undefined, ...names: readonly string[]): string | undefined {
  const text = names.reduce(childOf, element)?.text.trim();
  return text === '' ? undefined : text;
}

/** As text, or as the value of an attribute. What XML has no way to write is left out. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An element that is being read. */
interface Open {
  readonly tag: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  readonly texts: string[];
}

function readTree(xml: string, within: XmlBounds): XmlElement {
  const open: Open[] = [];
  let root: XmlElement | null = null;
  let elements = 0;
  let at = 0;

  const close = (tag: string) => {
    const element = open.pop();
    if (element?.tag !== tag) throw new XmlError(`ends <${short(tag)}>, which is not open there`);
    const read = elementOf(element);
    const parent = open.at(-1);
    if (parent === undefined) root = read;
    else parent.children.push(read);
  };

  while (at < xml.length) {
    const next = xml.indexOf('<', at);
    const text = xml.slice(at, next < 0 ? xml.length : next);
    if (text !== '') addText(open.at(-1), characters(text));
    if (next < 0) break;

    const aside = skipAside(xml, next);
    if (aside !== null) {
      if (aside.text !== null) addText(open.at(-1), aside.text);
      at = aside.end;
      continue;
    }
    const end = endOfTag(xml, next, within.maxTagChars);
    const inside = xml.slice(next + 1, end);
    at = end + 1;
    if (inside.startsWith('/')) {
      close(inside.slice(1).trimEnd());
      continue;
    }
    if (root !== null) throw new XmlError('has more than one root element');
    elements += 1;
    if (elements > within.maxElements) throw new XmlError(`has more than ${within.maxElements} elements`);
    if (open.length >= within.maxDepth) {
      throw new XmlError(`has elements more than ${within.maxDepth} deep inside of one another`);
    }
    const empty = inside.endsWith('/');
    const started = readTag(empty ? inside.slice(0, -1) : inside, within.maxAttributes);
    open.push(started);
    if (empty) close(started.tag);
  }
  const left = open.at(-1);
  if (left !== undefined) throw new XmlError(`ends before </${short(left.tag)}>`);
  if (root === null) throw new XmlError('holds no element');
  return root;
}

function elementOf({ tag, attributes, children, texts }: Open): XmlElement {
  return {
    name: localName(tag),
    attributes,
    children,
    text: texts.length === 1 ? texts[0]! : texts.join(''),
  };
}

function addText(element: Open | undefined, text: string): void {
  if (element !== undefined) element.texts.push(text);
  else if (text.trim() !== '') throw new XmlError('has text outside of its root element');
}

/** Comments, instructions and sections of characters; `null`: it is a tag. @throws for a document type. */
function skipAside(xml: string, at: number): { readonly end: number; readonly text: string | null } | null {
  const kind = asides.find(({ start }) => xml.startsWith(start, at));
  if (kind === undefined) {
    if (xml.startsWith('<!', at)) throw new XmlError('has a document type declaration, which is not read');
    return null;
  }
  const end = xml.indexOf(kind.end, at + kind.start.length);
  if (end < 0) throw new XmlError(`ends inside of ${kind.what}`);
  return {
    end: end + kind.end.length,
    text: kind.isText ? xml.slice(at + kind.start.length, end) : null,
  };
}

const asides = [
  { start: '<!--', end: '-->', what: 'a comment', isText: false },
  { start: '<![CDATA[', end: ']]>', what: 'a section of characters', isText: true },
  { start: '<?', end: '?>', what: 'an instruction', isText: false },
] as const;

/** Where the `>` of a tag is: the first one outside of quotes. */
function endOfTag(xml: string, at: number, maxChars: number): number {
  const last = Math.min(xml.length, at + maxChars);
  let quote = 0;
  for (let index = at + 1; index < last; index += 1) {
    const code = xml.charCodeAt(index);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 0x22 || code === 0x27) quote = code;
    else if (code === 0x3e) return index;
    else if (code === 0x3c) break;
  }
  if (last < xml.length && last === at + maxChars) {
    throw new XmlError(`has a tag of more than ${maxChars} characters`);
  }
  throw new XmlError('has a tag that does not end');
}

const name = /[\p{L}_:][\p{L}\p{N}\p{M}_:.·-]*/u.source;
const tagName = new RegExp(`^${name}`, 'u');
const attribute = new RegExp(`\\s+(${name})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'uy');

function readTag(inside: string, maxAttributes: number): Open {
  const tag = tagName.exec(inside)?.[0];
  if (tag === undefined) throw new XmlError(`has a tag without a proper name: <${short(inside)}>`);
  const attributes = new Map<string, string>();
  const written = new Set<string>();
  attribute.lastIndex = tag.length;
  let end = tag.length;
  for (let found = attribute.exec(inside); found !== null; found = attribute.exec(inside)) {
    const [, key = '', double, single = ''] = found;
    end = attribute.lastIndex;
    if (written.has(key)) throw new XmlError(`says ${short(key)} twice in <${short(tag)}>`);
    written.add(key);
    if (written.size > maxAttributes) {
      throw new XmlError(`has more than ${maxAttributes} attributes in <${short(tag)}>`);
    }
    if (key !== 'xmlns' && !key.startsWith('xmlns:'))
      attributes.set(localName(key), characters(double ?? single));
  }
  if (inside.slice(end).trim() !== '') throw new XmlError(`has a malformed tag: <${short(inside)}>`);
  return { tag, attributes, children: [], texts: [] };
}

function localName(written: string): string {
  return written.slice(written.indexOf(':') + 1);
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The five names that XML itself has, and numbers. Nothing that a document could declare. */
function characters(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&\s]{0,32})(;?)/g, (_, inside: string, end: string) => {
    const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(inside);
    const character =
      number === null
        ? Object.hasOwn(named, inside)
          ? named[inside]
          : undefined
        : characterOf(Number.parseInt(number[1] ?? number[2]!, number[1] === undefined ? 10 : 16));
    if (end === '' || character === undefined) {
      throw new XmlError(`names an entity that XML itself does not have: &${short(inside)};`);
    }
    return character;
  });
}

function characterOf(code: number): string | undefined {
  const isCharacter =
    code >= 0x20 ? code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) : [9, 10, 13].includes(code);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}

/** UTF-8 unless a mark of order or the declaration says otherwise (XML 1.0, appendix F); old POMs are often in ISO 8859-1. */
function decode(bytes: Uint8Array): string {
  const charset = charsetOf(bytes);
  if (charset === null)
    throw new XmlError('is in an encoding that is not read (UTF-8, UTF-16 and ISO-8859-1 are)');
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes);
    if (text.includes('\0')) throw new XmlError('holds a zero character');
    return text;
  } catch (cause) {
    if (cause instanceof XmlError) throw cause;
    throw new XmlError(`is not ${charset.toUpperCase()}, which it claims to be`, { cause });
  }
}

function charsetOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(200, bytes.length)).toString('latin1');
  const declared =
    /^<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]{1,40})["']/.exec(head)?.[1]?.toLowerCase() ?? 'utf-8';
  if (declared === 'utf-8' || declared === 'utf8' || declared === 'us-ascii' || declared === 'ascii')
    return 'utf-8';
  return /^(?:iso-8859-1|latin1|windows-1252|cp1252)$/.test(declared) ? 'windows-1252' : null;
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

/**
 * Settings files in XML: one element among others that stay as they are, to the letter. Read as far as that takes: where elements begin and
 * end.
 */
import { type Setting, textOf } from '../../guide.ts';

export function withElements(text: string, settings: readonly Setting[]): string {
  if (text.trim() === '') return textOf({ form: 'xml', settings });
  return settings.reduce(withElement, text);
}

/** Each is as it was before; what has been made for it alone, and is empty, goes with it. */
export function withoutElements(text: string, before: string, settings: readonly Setting[]): string {
  return settings.reduce((now, setting) => withoutElement(now, before, setting), text);
}

/** Offsets in the text: `from` … `inside` is the start tag, `end` … `to` the end tag; the same where there is none. */
interface Element {
  readonly name: string;
  readonly from: number;
  readonly inside: number;
  readonly end: number;
  readonly to: number;
  readonly children: readonly Element[];
}

function withElement(text: string, setting: Setting): string {
  const ours = find(text, setting);
  if (ours !== undefined) return splice(text, ours.from, ours.to, setting.value);
  const path = pathOf(setting);
  const parents = chain(elementsIn(text), path);
  const parent = parents.at(-1);
  if (parent === undefined) throw new TypeError(`it has no <${path[0]}>`);
  const missing = path.slice(parents.length);
  const outer = indentOf(text, parent.from);
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = [
    ...missing.map((name, depth) => `${outer}${'  '.repeat(depth + 1)}<${name}>`),
    `${outer}${'  '.repeat(missing.length + 1)}${setting.value}`,
    ...missing.map((name, depth) => `${outer}${'  '.repeat(depth + 1)}</${name}>`).reverse(),
  ];
  const added = end + lines.join(end);
  if (parent.inside < parent.to) {
    const rest = text.slice(parent.inside, parent.end);
    // What stands in one line with its parent's end tag would have that in its own.
    return splice(
      text,
      parent.inside,
      parent.inside,
      rest.trim() === '' && !rest.includes('\n') ? `${added}${end}${outer}` : added,
    );
  }
  const start = text.slice(parent.from, parent.to).replace(/\s*\/>$/, '>');
  return splice(text, parent.from, parent.to, `${start}${added}${end}${outer}</${parent.name}>`);
}

function withoutElement(text: string, before: string, setting: Setting): string {
  const ours = find(text, setting);
  // What somebody else has written in its place stays.
  if (ours === undefined || text.slice(ours.from, ours.to) !== setting.value) return text;
  const was = find(before, setting);
  if (was !== undefined) return splice(text, ours.from, ours.to, before.slice(was.from, was.to));
  let left = cut(text, ours);
  const path = pathOf(setting);
  const old = chain(elementsIn(before), path).length;
  for (let depth = path.length; depth > old; depth--) {
    const parent = chain(elementsIn(left), path.slice(0, depth))[depth - 1];
    if (parent === undefined || left.slice(parent.inside, parent.end).trim() !== '') return left;
    left = cut(left, parent);
  }
  return left;
}

const pathOf = ({ section = '' }: Setting): readonly string[] => section.split('/');

function find(text: string, setting: Setting): Element | undefined {
  const path = pathOf(setting);
  const parents = chain(elementsIn(text), path);
  if (parents.length < path.length) return undefined;
  return parents.at(-1)?.children.find(({ from, to }) => text.slice(from, to).includes(setting.key));
}

/** As many elements of the path as there are, from the outermost one. */
function chain(elements: readonly Element[], [name, ...rest]: readonly string[]): readonly Element[] {
  const found = elements.find((element) => element.name === name);
  return found === undefined ? [] : [found, ...chain(found.children, rest)];
}

/** With the line that it had to itself. */
function cut(text: string, { from, to }: Element): string {
  const blank = /(?:\r?\n)?[ \t]*$/.exec(text.slice(0, from))?.[0] ?? '';
  return text.slice(0, from - blank.length) + text.slice(to);
}

function splice(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}

function indentOf(text: string, at: number): string {
  return /[ \t]*$/.exec(text.slice(0, at))?.[0] ?? '';
}

/** What is no element: comments, CDATA, instructions, the document type; then tags, whose attributes may hold any sign. */
const markup =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<![^>]*>|<(\/?)([^\s/>]+)((?:"[^"]*"|'[^']*'|[^"'>])*?)(\/?)>/g;

/** @throws where start and end tags do not match. */
function elementsIn(text: string): readonly Element[] {
  const top: Element[] = [];
  const open: {
    readonly name: string;
    readonly from: number;
    readonly inside: number;
    readonly children: Element[];
  }[] = [];
  for (const match of text.matchAll(markup)) {
    const [whole, closes, name, , isEmpty] = match;
    if (name === undefined) continue;
    const [from, to] = [match.index, match.index + whole.length];
    const around = open.at(-1)?.children ?? top;
    if (isEmpty) around.push({ name, from, inside: to, end: to, to, children: [] });
    else if (!closes) open.push({ name, from, inside: to, children: [] });
    else {
      const begun = open.pop();
      if (begun?.name !== name) throw new TypeError(`</${name}> ends nothing`);
      (open.at(-1)?.children ?? top).push({ ...begun, end: from, to });
    }
  }
  const [left] = open;
  if (left !== undefined) throw new TypeError(`<${left.name}> has no end`);
  return top;
}

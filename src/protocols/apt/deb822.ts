/** Paragraphs of fields (deb822(5)): how archives and packages say what they are. */

export interface Field {
  /** As it is written. */
  readonly name: string;
  /** With its further lines, as they stand. */
  readonly value: string;
}

export interface ParagraphLimits {
  readonly fields: number;
  readonly bytes: number;
}

/** The one paragraph that a text holds. @throws SyntaxError in a sentence. */
export function fieldsOf(text: string, { fields, bytes }: ParagraphLimits): readonly Field[] {
  if (text.length > bytes) throw new SyntaxError(`It has more than ${bytes} bytes.`);
  if (text.includes('\0')) throw new SyntaxError('It is no text.');
  const found: { name: string; lines: string[] }[] = [];
  const names = new Set<string>();
  let hasEnded = false;
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      hasEnded = found.length > 0;
      continue;
    }
    if (hasEnded) throw new SyntaxError('It has more than one paragraph.');
    if (line.startsWith(' ') || line.startsWith('\t')) {
      const last = found.at(-1);
      if (last === undefined) throw new SyntaxError('It begins with a line that belongs to no field.');
      last.lines.push(line.trimEnd());
      continue;
    }
    const [, name, value = ''] = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined) throw new SyntaxError('A line of it is no field.');
    if (names.has(name.toLowerCase())) throw new SyntaxError(`It has the field ${name} twice.`);
    if (found.length >= fields) throw new SyntaxError(`It has more than ${fields} fields.`);
    names.add(name.toLowerCase());
    found.push({ name, lines: [value.trimEnd()] });
  }
  return found.map(({ name, lines }) => ({ name, value: lines.join('\n') }));
}

/** The same by the names of fields, in lower case. */
export type Paragraph = ReadonlyMap<string, string>;

/** @throws SyntaxError in a sentence. */
export function parseParagraph(text: string, limits: ParagraphLimits): Paragraph {
  return byName(fieldsOf(text, limits));
}

export function byName(fields: readonly Field[]): Paragraph {
  return new Map(fields.map(({ name, value }) => [name.toLowerCase(), value]));
}

export function writeParagraph(fields: readonly Field[]): string {
  return fields.map(({ name, value }) => `${name}:${value.startsWith('\n') ? '' : ' '}${value}\n`).join('');
}

/** The lines of a list that a field holds, each split at blanks. */
export function* rowsOf(value: string | undefined): Generator<readonly string[]> {
  if (value === undefined) return;
  for (const line of value.split('\n')) {
    const row = line.trim();
    if (row !== '') yield row.split(/\s+/);
  }
}

/**
 * What a package says of itself: `METADATA` in a wheel, `PKG-INFO` in an sdist (packaging.python.org/specifications/core-metadata), which
 * is written as the head of a mail, with the description as its body.
 */
export interface CoreMetadata {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly licence: string;
  readonly homepage: string;
  readonly repository: string;
  readonly keywords: readonly string[];
  readonly authors: readonly string[];
  /** How many; those of extras, too. */
  readonly dependencies: number;
  readonly requiresPython: string | null;
  readonly description: string;
}

/** @returns `null`: it has no name or no version, and so is none. */
export function readCoreMetadata(bytes: Uint8Array): CoreMetadata | null {
  const text = new TextDecoder().decode(bytes).replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n');
  const fields = fieldsIn(end < 0 ? text : text.slice(0, end));
  const first = (name: string) => fields.get(name)?.[0] ?? '';
  const [name, version] = [first('name'), first('version')];
  if (name === '' || version === '') return null;
  const links = linksIn(fields.get('project-url') ?? []);
  return {
    ...{ name, version, summary: first('summary') },
    licence: first('license-expression') || lineOf(first('license')),
    homepage: first('home-page') || (links.get('homepage') ?? ''),
    repository:
      links.get('repository') ?? links.get('source') ?? links.get('sourcecode') ?? links.get('github') ?? '',
    keywords: wordsIn(first('keywords')),
    authors: [first('author'), first('author-email')].filter(Boolean),
    dependencies: fields.get('requires-dist')?.length ?? 0,
    requiresPython: first('requires-python') || null,
    description: end < 0 ? first('description') : text.slice(end + 2),
  };
}

/** By their names in lower case. Lines that begin with a blank go on with the one before. */
function fieldsIn(head: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  let last: string[] | null = null;
  for (const line of head.split('\n')) {
    if (/^[ \t]/.test(line)) {
      if (last !== null) last.push(`${last.pop() ?? ''}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    last = fields.get(name) ?? [];
    last.push(line.slice(colon + 1).trim());
    fields.set(name, last);
  }
  return fields;
}

/** `Source Code, https://…`; labels as the well-known ones are compared (PEP 753). */
function linksIn(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const comma = line.indexOf(',');
      const label = line.slice(0, Math.max(comma, 0)).toLowerCase();
      return [label.replaceAll(/[^a-z]/g, ''), line.slice(comma + 1).trim()] as const;
    }),
  );
}

/** The whole text of a licence is no name of one. */
function lineOf(licence: string): string {
  return licence.includes('\n') || licence.length > 100 ? '' : licence;
}

function wordsIn(keywords: string): readonly string[] {
  const words = keywords.split(keywords.includes(',') ? ',' : /\s+/);
  return words.map((word) => word.trim()).filter(Boolean);
}

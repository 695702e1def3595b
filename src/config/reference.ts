/**
 * The reference page of all parameters, made of the config table. `meridian reference` prints it, and
 * `docs/reference/config.md` is that.
 */
import { ecosystems } from './ecosystems.ts';
import { type Field, type Outline, outline } from './outline.ts';
import { network } from './schema.ts';

const preface = `# Config reference

Every parameter of \`meridian.config.ts\`. This page is made of the table in \`src/config/schema.ts\` by
\`npx meridian reference\`; [configuration.md](../configuration.md) tells how the parts play together.

- **Sizes** are bytes, or text: \`'512 KiB'\`, \`'64 MiB'\`, \`'1.5 GB'\`. **Durations** are numbers in the unit of the
  parameter, or text: \`'250ms'\`, \`'30s'\`, \`'5m'\`, \`'12h'\`, \`'30d'\`.
- Any text may be or hold \`env('NAME')\`: that environment variable's value when the config is loaded.
- Unknown names are mistakes.
- \`routes[].<ecosystem>\` stands for each of ${Object.keys(ecosystems)
  .map((id) => `\`${id}\``)
  .join(', ')}.
`;

/** Markdown, with a line break at its end. */
export function reference(): string {
  // Protocols share groups, such as `match`: each is shown once.
  const all = new Set(sections('', outline(network)));
  return `${preface}\n${[...all].join('\n')}`;
}

/** A section for the group, and one for each group within it. */
function sections(path: string, of: Outline): string[] {
  if (of.kind === 'choice') return of.options.flatMap((option) => sections(path, option));
  if (of.kind === 'list') return sections(`${path}[]`, of.of);
  if (of.kind === 'map') return sections(`${path}.<name>`, of.of);
  if (of.kind !== 'group') return [];
  const title = path === '' ? 'The network' : `\`${shared(path)}\``;
  const which = of.fields.find(({ of: field }) => field.kind === 'literal');
  const suffix = which === undefined ? '' : ` with ${typeOf(which)}`;
  const rows = of.fields.map((field) => `| ${cells(field).join(' | ')} |`);
  const own = `## ${title}${suffix}\n\n${of.row.means}\n\n| name | type | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  const inner = of.fields.flatMap(({ name, of: field }) =>
    sections(path === '' ? name : `${path}.${name}`, field),
  );
  return [own, ...inner];
}

/** What ecosystems have in common has one name, and so is shown once. */
function shared(path: string): string {
  const [, id = '', rest] = /^routes\[\]\.(\w+)\.(.+)$/.exec(path) ?? [];
  return Object.hasOwn(ecosystems, id) ? `routes[].<ecosystem>.${rest}` : path;
}

function cells(field: Field): string[] {
  return [`\`${field.name}\``, typeOf(field), defaultOf(field), meaningOf(field)].map((cell) =>
    cell.replaceAll('|', '\\|'),
  );
}

function typeOf({ of }: Field): string {
  return typeName(of);
}

function typeName(of: Outline): string {
  switch (of.kind) {
    case 'group':
      return 'group';
    case 'list':
      return `list of ${of.of.kind === 'value' ? typeName(of.of) : 'groups'}`;
    case 'map':
      return of.of.kind === 'value' ? `${typeName(of.of)} by name` : 'groups by name';
    case 'choice':
      return [...new Set(of.options.map(typeName))].join(' or ');
    case 'literal':
      return of.values.map((value) => `\`${JSON.stringify(value).replaceAll('"', "'")}\``).join(' or ');
    case 'value':
      return of.row.type;
  }
}

function defaultOf({ standard, required, of }: Field): string {
  if (required) return '**required**';
  const otherwise = otherwiseOf(of);
  if (otherwise !== undefined) return otherwise;
  if (standard === undefined) return 'none';
  if (typeof standard === 'object')
    return isEmpty(standard) && of.kind !== 'list' ? 'as below' : `\`${JSON.stringify(standard)}\``;
  return `\`${String(standard)}\``;
}

function otherwiseOf(of: Outline): string | undefined {
  return 'row' in of ? of.row?.otherwise : undefined;
}

function isEmpty(value: object | null): boolean {
  return value !== null && Object.keys(value).length === 0;
}

function meaningOf({ name, of }: Field): string {
  if (of.kind === 'literal') return `Which ${name} is meant.`;
  if (of.kind === 'choice')
    return (
      of.row?.means ??
      of.options.flatMap((option) => ('row' in option ? (option.row?.means ?? []) : [])).join(' ')
    );
  return of.row.means;
}

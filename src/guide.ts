/**
 * How a client is pointed at a route: what a protocol tells people to do, and commands to do for them. Plain data, the same for a page, a
 * terminal and a program that edits files.
 */
export interface ClientGuide {
  /** What commands call it: `npm`, `yarn-classic`. */
  readonly id: string;
  /** For people: `Yarn 1`. */
  readonly title: string;
  readonly setUp: readonly Step[];
  /** What to do where the address has a certificate of an authority that machines do not know. */
  readonly trust: readonly Step[];
  readonly logIn: readonly Step[];
  /** Says whether it works. */
  readonly check: readonly Step[];
  readonly undo: readonly Step[];
  /**
   * What fetches one package, set up or not, with `{package}` for its name, with its version where one is wanted, as the client writes both;
   * or with `{name}` and `{version}` where they stand apart. Absent where there is no such thing.
   */
  readonly install?: string;
}

export type Step =
  | { readonly do: 'run'; readonly command: string; readonly why: string }
  | { readonly do: 'set'; readonly file: SettingsFile; readonly why: string };

/** Settings in a file of the client's, among others that are nobody's business. */
export interface SettingsFile {
  /** Below the user's home folder; absolute for what is the system's. */
  readonly path: string;
  readonly form: SettingsForm;
  readonly settings: readonly Setting[];
}

/**
 * Lines that mean one setting each: `ini` `key=value` and `toml` `key = value`, below the heading of a section where there is one; `yarnrc`
 * `key value`; `yaml` `key: value`, with a list below its key; `json` one item of a list under a key; `xml` one element within others. `own`: a
 * file that is nobody else's, whose lines are the values.
 */
export type SettingsForm = 'ini' | 'yarnrc' | 'yaml' | 'toml' | 'json' | 'xml' | 'own';

export interface Setting {
  /** Of `ini` and `toml`: `global` for `[global]`. Of `xml`: the elements that it is in, from the outermost one: `settings/mirrors`. */
  readonly section?: string | undefined;
  /** Of `xml`: text that this element holds, and no other one beside it: `<id>meridian</id>`. */
  readonly key: string;
  /** As the file has it, quotes included. Of `xml`: the whole element, in one line. */
  readonly value: string;
  /** Of `yaml` and `json`: one item of a list, in which others stay. */
  readonly isItem?: boolean | undefined;
}

/** Where clients reach a route. */
export interface RouteAddress {
  readonly route: string;
  /** Absolute, without a trailing slash: `https://packages.example.com/npm`. */
  readonly url: string;
}

/** What a file says that has these settings and no others. */
export function textOf({ form, settings }: Pick<SettingsFile, 'form' | 'settings'>): string {
  if (form === 'xml')
    return `<?xml version="1.0" encoding="utf-8"?>\n${elementsOf(settings, 0).join('\n')}\n`;
  let section: string | undefined;
  const lines = settings.flatMap((setting) => {
    const heading = setting.section === section ? [] : [`[${setting.section}]`];
    section = setting.section;
    return [...heading, ...linesOf(form, setting)];
  });
  return form === 'json' ? `{\n${lines.join(',\n')}\n}\n` : `${lines.join('\n')}\n`;
}

export function linesOf(form: SettingsForm, { key, value, isItem = false }: Setting): readonly string[] {
  switch (form) {
    case 'ini':
      return [`${key}=${value}`];
    case 'yarnrc':
      return [`${key} ${value}`];
    case 'yaml':
      return isItem ? [`${key}:`, `  - ${value}`] : [`${key}: ${value}`];
    case 'toml':
      return [`${key} = ${value}`];
    case 'json':
      return [`  "${key}": [${value}]`];
    case 'xml':
    case 'own':
      return [value];
  }
}

/** @param depth how many of the elements that they are in have been opened. */
function elementsOf(settings: readonly Setting[], depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const within = Map.groupBy(settings, ({ section = '' }) => section.split('/')[depth] ?? '');
  return [...within].flatMap(([name, inside]) => {
    if (name === '') return inside.map(({ value }) => indent + value);
    return [`${indent}<${name}>`, ...elementsOf(inside, depth + 1), `${indent}</${name}>`];
  });
}

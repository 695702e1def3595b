/**
 * A client's settings file with other settings in it: line by line, so that whatever else is there stays as it is, comments, order and line
 * ends included.
 */
import { linesOf, type Setting, type SettingsFile, type SettingsForm, textOf } from '../../guide.ts';
import { withItems, withoutItems } from './json.ts';
import { withElements, withoutElements } from './xml.ts';

type Settings = Pick<SettingsFile, 'form' | 'settings'>;

/** Says what these settings say, and all else as before. Done twice, it changes nothing more. */
export function withSettings(text: string, { form, settings }: Settings): string {
  if (form === 'json') return withItems(text, settings);
  if (form === 'xml') return withElements(text, settings);
  if (form === 'own') return textOf({ form, settings });
  const { lines, end } = linesIn(text);
  for (const setting of settings) {
    const places = placesOf(lines, form, setting);
    if (setting.isItem) putItem(lines, setting, places);
    else put(lines, form, setting, places);
  }
  return lines.join(end);
}

/**
 * What was set is as it was before, and all else as it is now: for a file that somebody else has changed meanwhile. What he has set
 * otherwise stays so, too.
 */
export function withoutSettings(text: string, before: string, { form, settings }: Settings): string {
  if (form === 'json') return withoutItems(text, before, settings);
  if (form === 'xml') return withoutElements(text, before, settings);
  if (form === 'own') return before;
  const { lines, end } = linesIn(text);
  const old = linesIn(before).lines;
  for (const setting of settings) {
    const places = placesOf(lines, form, setting);
    if (setting.isItem) takeBackItem(lines, old, setting, places);
    else takeBack(lines, old, form, setting, places);
  }
  return lines.join(end);
}

function linesIn(text: string): { readonly lines: string[]; readonly end: string } {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  return { lines: text === '' ? [''] : text.split(end), end };
}

function put(lines: string[], form: SettingsForm, setting: Setting, places: readonly number[]): void {
  const [line = ''] = linesOf(form, setting);
  if (places.length > 0) for (const at of places) lines[at] = line;
  else if (setting.section === undefined) insertTop(lines, form, [line]);
  else {
    const at = lines.findIndex((each) => sectionOf(each) === setting.section);
    if (at >= 0) lines.splice(at + 1, 0, line);
    else append(lines, [`[${setting.section}]`, line]);
  }
}

/** A list under its key, indented or in brackets. */
function putItem(lines: string[], setting: Setting, [at]: readonly number[]): void {
  if (at === undefined) {
    append(lines, linesOf('yaml', setting));
    return;
  }
  if (itemsOf(lines, at).some((item) => lines[item] !== undefined && isItem(lines[item], setting))) return;
  const inBrackets = /^([^[]*\[)(.*)$/.exec(lines[at] ?? '');
  // Items of one list are indented alike, or it is none.
  const indent = /^(\s*)-\s/.exec(lines[at + 1] ?? '')?.[1] ?? '  ';
  if (inBrackets === null) lines.splice(at + 1, 0, `${indent}- ${setting.value}`);
  else if (!(inBrackets[2] ?? '').includes(setting.value)) {
    const rest = inBrackets[2] ?? '';
    lines[at] = `${inBrackets[1]}${setting.value}${/^\s*\]/.test(rest) ? '' : ', '}${rest}`;
  }
}

function takeBack(
  lines: string[],
  old: readonly string[],
  form: SettingsForm,
  setting: Setting,
  places: readonly number[],
): void {
  const before = placesOf(old, form, setting).map((at) => old[at] ?? '');
  const [ours = ''] = linesOf(form, setting);
  const set = places.filter((at) => lines[at] === ours);
  // From the end, so that places stay what they are.
  for (const [index, at] of [...set.entries()].reverse()) {
    const was = before[index];
    if (was === undefined) lines.splice(at, 1);
    else lines[at] = was;
  }
  const { section } = setting;
  if (section === undefined || old.some((line) => sectionOf(line) === section)) return;
  const heading = lines.findIndex((line) => sectionOf(line) === section);
  const next = lines[heading + 1];
  // A section that has been made for it alone goes with it.
  if (heading >= 0 && (next === undefined || next.trim() === '' || sectionOf(next) !== null))
    lines.splice(heading, 1);
}

function takeBackItem(
  lines: string[],
  old: readonly string[],
  setting: Setting,
  [at]: readonly number[],
): void {
  const [oldAt] = placesOf(old, 'yaml', setting);
  if (at === undefined) return;
  if (oldAt !== undefined && /\[/.test(old[oldAt] ?? '')) {
    const line = lines[at] ?? '';
    if (!(old[oldAt] ?? '').includes(setting.value))
      lines[at] = line.replace(`${setting.value}, `, '').replace(setting.value, '');
    return;
  }
  const wasThere =
    oldAt !== undefined && itemsOf(old, oldAt).some((item) => isItem(old[item] ?? '', setting));
  if (wasThere) return;
  const item = itemsOf(lines, at).find((each) => isItem(lines[each] ?? '', setting));
  if (item !== undefined) lines.splice(item, 1);
  if (oldAt === undefined && itemsOf(lines, at).length === 0) lines.splice(at, 1);
}

/** Lines of the list whose key is there. */
function itemsOf(lines: readonly string[], at: number): readonly number[] {
  const found: number[] = [];
  for (let next = at + 1; /^\s*-\s/.test(lines[next] ?? ''); next++) found.push(next);
  return found;
}

function isItem(line: string, { value }: Setting): boolean {
  return line.replace(/^\s*-\s+/, '').trim() === value;
}

/** Where the setting is set, as its own kind of file has it. */
function placesOf(
  lines: readonly string[],
  form: SettingsForm,
  { section, key }: Setting,
): readonly number[] {
  const found: number[] = [];
  let inSection: string | undefined;
  const isSet = keyTest(form, key);
  for (const [at, line] of lines.entries()) {
    if (form === 'ini' || form === 'toml') inSection = sectionOf(line) ?? inSection;
    if (inSection === section && isSet.test(line)) found.push(at);
  }
  return found;
}

function keyTest(form: SettingsForm, key: string): RegExp {
  const name = `(["']?)${RegExp.escape(key)}\\1`;
  switch (form) {
    case 'ini':
    case 'toml':
    case 'json':
    case 'xml':
    case 'own':
      return new RegExp(`^\\s*${name}\\s*=`);
    case 'yarnrc':
      return new RegExp(`^${name}\\s`);
    case 'yaml':
      return new RegExp(`^${name}\\s*:`);
  }
}

/** `install` for `[install]`; `null` for any other line. */
function sectionOf(line: string): string | null {
  return /^\s*\[([^[\]]+)\]\s*(?:[#;].*)?$/.exec(line)?.[1]?.trim() ?? null;
}

/** Outside of any section, which begin where one is opened. */
function insertTop(lines: string[], form: SettingsForm, added: readonly string[]): void {
  const first = form === 'ini' || form === 'toml' ? lines.findIndex((line) => sectionOf(line) !== null) : -1;
  if (first >= 0) lines.splice(first, 0, ...added);
  else append(lines, added);
}

/** The file ends with a line break then. */
function append(lines: string[], added: readonly string[]): void {
  if (lines.at(-1) === '') lines.pop();
  lines.push(...added, '');
}

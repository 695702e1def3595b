/** Settings files in JSON: items of lists below a key, among others that stay. */
import { z } from 'zod';
import type { Setting } from '../../guide.ts';

const object = z.record(z.string(), z.unknown());

export function withItems(text: string, settings: readonly Setting[]): string {
  const content = read(text);
  for (const setting of settings) {
    const [items, item] = [itemsOf(content, setting), itemIn(setting)];
    if (!items.includes(item)) content[setting.key] = [item, ...items];
  }
  return written(content);
}

export function withoutItems(text: string, before: string, settings: readonly Setting[]): string {
  const [content, old] = [read(text), read(before)];
  for (const setting of settings) {
    const item = itemIn(setting);
    if (itemsOf(old, setting).includes(item)) continue;
    const items = itemsOf(content, setting).filter((each) => each !== item);
    if (items.length === 0 && old[setting.key] === undefined) delete content[setting.key];
    else content[setting.key] = items;
  }
  return written(content);
}

function read(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  const { data } = object.safeParse(JSON.parse(text));
  if (data === undefined) throw new TypeError('it holds no object');
  return data;
}

function written(content: Record<string, unknown>): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** @throws where there is something else in its place. */
function itemsOf(content: Record<string, unknown>, { key }: Setting): readonly unknown[] {
  const { data } = z.array(z.unknown()).safeParse(content[key] ?? []);
  if (data === undefined) throw new TypeError(`${key} is no list`);
  return data;
}

function itemIn({ value }: Setting): unknown {
  return JSON.parse(value);
}

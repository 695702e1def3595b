/** Packages that live here, as the store has them: a file's name is its address, and says which suite it is in. */
import { z } from 'zod';
import type { HostedFile, Meta } from '../../registry/hosted/record.ts';
import { type DebContents, fileNameOf } from '../deb.ts';
import type { Field } from '../deb822.ts';

/** Where a package goes. */
export interface Shelf {
  readonly archive: string;
  readonly suite: string;
  readonly component: string;
}

const word = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** `pool/<suite>/<component>/<file>.deb`; `null`: it is no such address. */
export function shelfIn(archive: string, path: string): (Shelf & { readonly file: string }) | null {
  const [root, suite = '', component = '', file = '', ...more] = path.split('/');
  const isShelf = root === 'pool' && more.length === 0 && isWord(suite, component) && file.endsWith('.deb');
  return isShelf ? { archive, suite, component, file } : null;
}

export function isWord(...words: readonly string[]): boolean {
  return words.every((text) => word.test(text));
}

/** Its address below the route, decoded. */
export function addressOf({ archive, suite, component }: Shelf, file: string): string {
  return `${archive}/pool/${suite}/${component}/${file}`;
}

const meta = z.object({
  archive: z.string(),
  suite: z.string(),
  component: z.string(),
  architecture: z.string(),
  fields: z.array(z.tuple([z.string(), z.string()])),
});

export function metaOf(shelf: Shelf, { architecture, fields }: DebContents): Meta {
  const { archive, suite, component } = shelf;
  return { archive, suite, component, architecture, fields: fields.map(({ name, value }) => [name, value]) };
}

export interface Shelved extends Shelf {
  /** Of the package. */
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly fields: readonly Field[];
  readonly file: HostedFile;
}

export function shelvedFrom(name: string, version: string, file: HostedFile): Shelved {
  const { fields, ...where } = meta.parse(file.meta);
  return { ...where, name, version, file, fields: fields.map(([name, value]) => ({ name, value })) };
}

export function fileOn(shelf: Shelf, contents: DebContents): string {
  return addressOf(shelf, fileNameOf(contents));
}

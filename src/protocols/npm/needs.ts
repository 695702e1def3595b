/** What a client asks for to install one version: its tarball, and the package's document where no lock file says which version that is. */

import type { Needs, NeedsGiven } from '../../foresight.ts';
import { parsedJson } from '../../http/json.ts';
import type { Wanted } from '../../protocol.ts';
import { mediaTypes } from './form.ts';
import { fileName } from './hosted/record.ts';
import { isPackageName, isVersion } from './path.ts';

/** How clients ask when they install: for the short form, or for all of it where they want to know when versions were published. */
export const accepts = [`${mediaTypes.abbreviated}; q=1.0, ${mediaTypes.full}; q=0.8, */*`, mediaTypes.full];
const longestManifest = 2 ** 20;
/** No tag looks like one. */
const isNumber = /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/;

/** @param version a number, or a tag such as `latest`. */
export async function needs(
  prefix: string,
  { name, version }: Wanted,
  { indexes, read }: NeedsGiven,
): Promise<Needs> {
  const nothing = { items: [], about: null, isSeen: false, lacks: null };
  if (!isPackageName(name) || !isVersion(version)) return nothing;
  const at = `${prefix}/${name}`;
  const exact = isNumber.test(version) ? version : await tagged(`${at}/${encodeURIComponent(version)}`, read);
  if (exact === null) return { ...nothing, about: at };
  const tarball = { target: `${at}/-/${fileName(name, exact)}`, bytes: 0, etag: null };
  const documents = accepts.map((accept) => ({ target: at, bytes: 0, etag: null, accept }));
  return { ...nothing, items: indexes || exact !== version ? [...documents, tarball] : [tarball] };
}

/** The version that a tag stands for. */
async function tagged(target: string, read: NeedsGiven['read']): Promise<string | null> {
  const { status, bytes } = await read(target, longestManifest);
  if (status !== 200) return null;
  const told = parsedJson(new TextDecoder().decode(bytes));
  const version: unknown = typeof told === 'object' && told !== null ? Reflect.get(told, 'version') : null;
  return typeof version === 'string' && isNumber.test(version) ? version : null;
}

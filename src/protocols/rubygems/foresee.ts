/** What a client asks for next: having heard of a gem, it looks at what the newest version needs, and fetches that version. */
import type { Item } from '../registry/ecosystem.ts';
import { infoItem } from './address.ts';
import { fullName } from './file-name.ts';
import { readInfo } from './info.ts';
import { versions } from './version.ts';

export function foresee({ kind, name }: Item, body: Uint8Array): readonly Item[] {
  if (kind !== 'info' || name === null) return [];
  const released = readInfo(new TextDecoder().decode(body)).filter(
    ({ version, platform }) => platform === 'ruby' && !versions.isPrerelease(version),
  );
  const [first, ...rest] = released;
  if (first === undefined) return [];
  const newest = rest.reduce(
    (best, line) => (versions.compare(line.version, best.version) > 0 ? line : best),
    first,
  );
  const file = `${fullName({ name, ...newest })}.gem`;
  return [
    ...newest.needs.slice(0, 3).map(infoItem),
    { kind: 'gem', name, path: `gems/${file}`, version: newest.version, isFile: true },
  ];
}

/** What an address of the GOPROXY protocol is to a cache: what may change, and what never does. */
import type { Item } from '../registry/ecosystem.ts';
import { type GoAddress, goPathOf, readGoPath } from './path.ts';

/** Signatures and go.mod files are compared byte by byte, and are too short to be worth compressing at each PoP. */
const texts: ReadonlySet<GoAddress['of']> = new Set(['list', 'mod']);

export function itemAt(address: GoAddress): Item {
  const path = goPathOf(address);
  if (address.of === 'sumdb') return { kind: `sumdb-${address.what}`, name: null, path };
  const { of, module: name } = address;
  // Whatever is said of a version is refused with it: so only the archive is a file, which policies judge each time.
  const version = 'version' in address && of !== 'query' ? { version: address.version } : {};
  return { kind: of, name, path, ...version, isFile: of === 'zip', isText: texts.has(of) };
}

/** The other way round. */
export function addressOf({ path }: Item): GoAddress | null {
  const address = readGoPath(`/${path}`);
  return 'of' in address ? address : null;
}

/** Media types of what there is. */
export const types = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  zip: 'application/zip',
  bytes: 'application/octet-stream',
} as const;

/**
 * Lists of check sums, as they lie beside files: `SHA256SUMS`, `ubuntu.iso.sha256`. Both forms that the usual programs write: GNU's `<hex>  name`
 * and `<hex> *name`, BSD's `SHA256 (name) = <hex>`, and a bare digest for the one file that the list is named after.
 */
import { type Digest, fromShasum } from '../../http/digest.ts';

const gnu = /^\\?([0-9a-fA-F]{40,128})(?:\s+[* ]?(.+))?$/;
const bsd = /^[A-Z0-9-]+ \((.+)\) = ([0-9a-fA-F]{40,128})$/;

/** The strongest digest that a list says of a file; `null`: it says none. @param name the last segment of its path, as people write it. */
export function digestIn(text: string, name: string): Digest | null {
  let best: Digest | null = null;
  for (const line of text.split(/\r?\n/)) {
    const said = lineOf(line.trim());
    if (said === null || (said.name !== null && baseOf(said.name) !== name)) continue;
    const digest = fromShasum(said.hex);
    if (digest !== undefined && (best === null || digest.value.length > best.value.length)) best = digest;
  }
  return best;
}

function lineOf(line: string): { readonly hex: string; readonly name: string | null } | null {
  const [, named, bsdHex] = bsd.exec(line) ?? [];
  if (named !== undefined && bsdHex !== undefined) return { hex: bsdHex, name: named };
  const [, hex, name = null] = gnu.exec(line) ?? [];
  return hex === undefined ? null : { hex, name };
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/**
 * What a checksum database says of one version (go.dev/design/25530-sumdb): the number of its record, lines as in go.sum, an empty line, and the
 * signed head of its log. Whether the log holds the record is what the go command proves for itself, with the tiles that it asks for.
 */

export interface Sums {
  /** `h1:…` of the module's zip; `null`: there is none. */
  readonly zip: string | null;
  readonly mod: string | null;
}

/** `null`: it is no such record. */
export function readSumRecord(text: string, module: string, version: string): Sums | null {
  const end = text.indexOf('\n\n');
  const [number = '', ...lines] = text.slice(0, Math.max(0, end)).split('\n');
  if (end < 0 || !/^\d+$/.test(number)) return null;
  const hashOf = (of: string) => {
    const found = lines.flatMap((line) => {
      const [name, its, hash, ...more] = line.split(' ');
      const fits = name === module && its === of && more.length === 0;
      return fits && hash !== undefined && /^h1:[A-Za-z0-9+/]{43}=$/.test(hash) ? [hash] : [];
    });
    return found[0] ?? null;
  };
  return { zip: hashOf(version), mod: hashOf(`${version}/go.mod`) };
}

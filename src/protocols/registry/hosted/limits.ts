/** What is too long to be written down, or said twice. */
import { hostedLimits, type Meta } from './record.ts';
import { Refusal } from './refusal.ts';

/** Names become parts of keys of documents, which have a bound, and have to be text that every engine can keep. */
export function refuseLongKeys(
  name: string,
  version: string,
  files: readonly { readonly name: string }[],
): void {
  for (const part of [name, version, ...files.map((file) => file.name)])
    if (part === '' || !part.isWellFormed() || /\p{Cc}/u.test(part))
      throw new Refusal(400, `${JSON.stringify(part.slice(0, 200))} is no name that can be kept.`);
  const own = Buffer.byteLength(name) + Buffer.byteLength(version);
  const longest = files.reduce((most, file) => Math.max(most, Buffer.byteLength(file.name)), 0);
  if (own + longest <= hostedLimits.keyBytes) return;
  throw new Refusal(
    400,
    `The names of a package, its version and a file may have ${hostedLimits.keyBytes} bytes together.`,
  );
}

export function refuseTwice(files: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of files) {
    if (seen.has(name)) throw new Refusal(400, `${name.slice(0, 200)} is there twice.`);
    seen.add(name);
  }
}

export function refuseLongMeta(what: string, meta: Meta, mostBytes: number): void {
  const bytes = Buffer.byteLength(JSON.stringify(meta));
  if (bytes <= mostBytes) return;
  throw new Refusal(
    413,
    `What is said about ${what.slice(0, 200)} has ${bytes} bytes, of ${mostBytes} at most.`,
  );
}

/** Looks into a package before it is published: a zip archive with one manifest at its top, and what every package of the format has. */
import { openZip, type Zip, type ZipSource, zipEntry } from '../../registry/archive/zip.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { maxNuspecBytes, type Nuspec, NuspecError, readNuspec } from '../nuspec.ts';

/** @throws a `Refusal` that says what is wrong with it. */
export async function inspectPackage(source: ZipSource): Promise<Nuspec> {
  const zip = await openZip(source);
  if (!zip.entries.has('[Content_Types].xml'))
    throw new Refusal(
      400,
      'This is no package of NuGet: it has no [Content_Types].xml. Nothing was published.',
    );
  const bytes = await zipEntry(zip, manifestIn(zip), maxNuspecBytes);
  try {
    return readNuspec(bytes ?? new Uint8Array());
  } catch (cause) {
    if (!(cause instanceof NuspecError)) throw cause;
    throw refused(cause);
  }
}

function refused(cause: NuspecError): Refusal {
  return new Refusal(400, `The manifest of the package ${cause.message}. Nothing was published.`, cause);
}

/** The one `.nuspec` at the top. */
export function manifestIn(zip: Zip): string {
  const found = [...zip.entries.keys()].filter((name) => /^[^/]+\.nuspec$/i.test(name));
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Refusal(
      400,
      `A package has one manifest (.nuspec) at its top; this has ${found.length}. Nothing was published.`,
    );
  return only;
}

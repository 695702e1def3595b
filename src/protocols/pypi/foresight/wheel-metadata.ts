/** METADATA out of a wheel itself, for indexes that do not offer it apart: they are read as clients of those read them. */
import { openZip, zipEntry } from '../../registry/archive/zip.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';

/** A larger wheel is not opened for it. */
export const mostWheelBytes = 32 * 2 ** 20;
const mostMetadataBytes = 4 * 2 ** 20;

/** `null`: it is no wheel. */
export async function metadataIn(wheel: Uint8Array): Promise<Uint8Array | null> {
  try {
    const zip = await openZip({
      sizeBytes: wheel.byteLength,
      open: async ({ from, to }) => new Blob([new Uint8Array(wheel.subarray(from, to + 1))]).stream(),
    });
    const name = [...zip.entries.keys()].find((each) => /^[^/]+\.dist-info\/METADATA$/.test(each));
    return name === undefined ? null : await zipEntry(zip, name, mostMetadataBytes);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

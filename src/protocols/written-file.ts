/** Files that an export writes: each appears under its name when it is whole and flushed. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a file is called while it is being written. */
export const draftOf = (path: string) => `${path}.part`;

/** Replaces the file as a whole, durably. */
export async function writeWhole(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const draft = draftOf(path);
  const file = await open(draft, 'w');
  try {
    for await (const chunk of content) await file.appendFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
  await appear(draft, path);
}

/** Gives a file that is whole and flushed its name, durably. */
export async function appear(draft: string, path: string): Promise<void> {
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether the file holds these bytes. */
export async function isWritten(
  path: string,
  { sizeBytes, algorithm, hex }: { sizeBytes: number; algorithm: 'sha256' | 'sha512'; hex: string },
): Promise<boolean> {
  const file = Bun.file(path);
  if (!(await file.exists()) || file.size !== sizeBytes) return false;
  const hasher = new Bun.CryptoHasher(algorithm);
  for await (const chunk of file.stream()) hasher.update(chunk);
  return hasher.digest('hex') === hex;
}

export function asJson(value: unknown): ReadableStream<Uint8Array> {
  return new Blob([JSON.stringify(value, null, 2)]).stream();
}

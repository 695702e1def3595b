/** Documents of files, within a transaction: one that comes, one that goes. */
import type { Transaction } from '../../../store.ts';
import type { Held } from './blob.ts';
import { type FileThere, fileKey, heldKey, type Meta, namedKey, namedPrefix, type Where } from './record.ts';
import { Refusal } from './refusal.ts';

interface Coming {
  readonly version: string;
  readonly file: string;
  readonly held: Held;
  readonly meta: Meta;
  readonly nowMs: number;
}

/** What it weighs is counted by the caller. */
export async function holdFile(
  transaction: Transaction,
  where: Where,
  { version, file, held, meta, nowMs }: Coming,
): Promise<void> {
  const { sha256: blob, sizeBytes, hashes } = held;
  const record: FileThere = { state: 'there', blob, sizeBytes, hashes, uploadedMs: nowMs, meta };
  await transaction.put(fileKey(where, version, file), record);
  await transaction.put(namedKey(where, version, file), {});
  await transaction.put(heldKey(where, version, file, blob), { sinceMs: nowMs });
}

interface Going {
  readonly version: string;
  readonly file: string;
  readonly record: FileThere;
}

/** Its bytes; its document and what it weighs are the caller's. */
export async function letGo(
  transaction: Transaction,
  where: Where,
  { version, file, record: { blob } }: Going,
): Promise<void> {
  await transaction.delete(heldKey(where, version, file, blob));
  await transaction.delete(namedKey(where, version, file));
}

/** What is at an address stays what it is, whichever version it was published with. */
export async function refuseOtherVersion(
  transaction: Pick<Transaction, 'scan'>,
  where: Where,
  version: string,
  file: string,
): Promise<void> {
  const [named] = await transaction.scan(namedPrefix(where, file), { limit: 1 });
  const other = named?.key.at(-1);
  if (other !== undefined && other !== version)
    throw new Refusal(409, `${file} belongs to ${where.name} ${other}.`);
}

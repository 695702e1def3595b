/** The specification of a gem that lives here, out of the gem itself. */
import { MeridianError } from '../../../errors.ts';
import type { Pulling } from '../../registry/ecosystem.ts';
import { storesOf } from '../../registry/hosted/claims.ts';
import type { FoundFile } from '../../registry/hosted/find.ts';
import type { Gemspec } from '../gemspec.ts';
import { readSpecOf } from '../inspect.ts';

/** @throws `blob-damaged` where it cannot be read any more. */
export async function specOf({ blob, name }: FoundFile, { door }: Pulling): Promise<Gemspec> {
  const opened = await storesOf(door).blobs.open(blob);
  if (opened === null) throw new MeridianError('blob-damaged', `The bytes of ${name} are missing.`);
  return readSpecOf(opened.body);
}

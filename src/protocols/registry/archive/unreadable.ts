/** What a library says of a broken archive, for whoever has sent it. What the store says is not his fault, and stays what it is. */
import { MeridianError } from '../../../errors.ts';
import { Refusal } from '../hosted/refusal.ts';

export function unreadable(error: unknown): unknown {
  if (error instanceof Refusal || error instanceof MeridianError || !(error instanceof Error)) return error;
  return new Refusal(400, `This is no archive that can be read: ${error.message}.`, { cause: error });
}

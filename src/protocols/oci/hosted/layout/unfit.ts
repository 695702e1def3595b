/** What a layout holds that cannot be taken in, in a sentence for whoever has asked for it. */
import { Refusal } from '../refusal.ts';

export function unfit(why: string): Refusal {
  return new Refusal(400, 'MANIFEST_INVALID', why);
}

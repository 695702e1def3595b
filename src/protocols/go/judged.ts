/** What the policy says of a version that is asked for by its archive: its `.info` knows of when it is. */
import type { Answer } from '../../entry.ts';
import { errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import { refuseVersion } from '../registry/policy/refuse.ts';
import type { VersionOf } from './expected.ts';
import { readInfo } from './info.ts';
import { itemAt } from './item.ts';

export const maxInfoBytes = 256 * 1024;

/** `null`: nothing is against it. */
export async function refusalOf(of: VersionOf, item: Item, at: Pulling): Promise<Answer | null> {
  const { policy, ecosystem } = at.registry;
  if (policy === null) return null;
  const subject = `${of.module}@${of.version}`;
  const { status, bytes } = await readItem(itemAt({ ...of, of: 'info' }), at, maxInfoBytes);
  if (status === 200) return refuseVersion(item, readInfo(bytes, subject), at);
  // Refused by now, or not there: the same is true of what is made of it.
  const message = status === 403 ? new TextDecoder().decode(bytes).trim() : `not found: ${subject}`;
  return errorAnswer(ecosystem, status, message);
}

/** When a version was published, for people who ask why it may or may not be used: past the policy, which may refuse its `.info`. */
import type { Pulling } from '../registry/ecosystem.ts';
import type { VersionOf } from './expected.ts';
import { firstOf } from './first.ts';
import { readInfo, type VersionInfo } from './info.ts';
import { itemAt } from './item.ts';
import { maxInfoBytes } from './judged.ts';

/** `null`: no upstream has it. */
export async function factsOf(of: VersionOf, at: Pulling): Promise<VersionInfo | null> {
  const found = await firstOf(itemAt({ ...of, of: 'info' }), maxInfoBytes, at);
  return 'bytes' in found ? readInfo(found.bytes, `${of.module}@${of.version}`) : null;
}

/** The index that pip is set to: `PIP_INDEX_URL`, or what its own files say. */

import type { Machine } from './machine.ts';
import { urlIn } from './url.ts';

/** @returns `null` where pip is set to none, or there is no pip. */
export async function pipIndex({ env, ask }: Machine): Promise<string | null> {
  if (env.PIP_INDEX_URL) return urlIn(env.PIP_INDEX_URL, 'PIP_INDEX_URL', 'pypi');
  const said = await ask('pip', 'config', 'get', 'global.index-url');
  // It fails where there is no such setting.
  if (said?.code !== 0 || said.text.trim() === '') return null;
  return urlIn(said.text.trim(), '`pip config get global.index-url`', 'pypi');
}

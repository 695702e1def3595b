/** What clients of a registry ask for next. README.md says how that is found out. */
import type { Foresight, Mount } from '../../../protocol.ts';
import type { NpmOrigin } from '../origin.ts';
import { tellingBody } from './audit.ts';
import { clue } from './clue.ts';
import { foresee } from './foresee.ts';
import { openRemembered } from './remembered.ts';

/** Of memory, for what is known of packages: some 5,000 of the usual size. */
const rememberedBytes = 96 * 1024 * 1024;

export function foresightOf(npm: NpmOrigin, { prefix }: Pick<Mount, 'prefix'>): Foresight {
  const remembered = openRemembered(rememberedBytes);
  return {
    clue,
    body: (named, exchange) => tellingBody(prefix, named, exchange),
    foresee: (question, at) => foresee(npm, remembered, question, at),
  };
}

/** Requests that change something of what lives here, and which file carries them out. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { NpmOrigin } from '../origin.ts';
import type { Wanted } from '../path.ts';
import type { Changing } from './change.ts';
import { refuseUnlessGone, unpublishAll } from './edit.ts';
import { renewKey } from './keys.ts';
import { receive } from './receive.ts';
import { Refusal } from './refusal.ts';
import { addOwner, changeAccess, changeTag, removeOwner } from './settings.ts';

export async function write(npm: NpmOrigin, wanted: Wanted, ask: Ask, origin: OriginDoor): Promise<Answer> {
  try {
    return await carryOut(npm, wanted, ask, origin);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.answer;
    throw thrown;
  }
}

async function carryOut(npm: NpmOrigin, wanted: Wanted, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const { exchange } = ask;
  if (wanted.kind === 'keys') return renewKey(npm, exchange, origin);
  if (!('name' in wanted)) throw unknown(wanted);
  const changing: Changing = { npm, name: wanted.name, exchange, origin };
  switch (wanted.kind) {
    case 'packument':
      return receive(changing, null, ask.signal);
    case 'revision':
      return exchange.method === 'DELETE'
        ? unpublishAll(changing, wanted.revision)
        : receive(changing, wanted.revision, ask.signal);
    case 'tarball-revision':
      return refuseUnlessGone(changing, wanted.file);
    case 'dist-tag':
      return changeTag(changing, wanted.tag);
    case 'access':
      return changeAccess(changing);
    case 'owners':
      return addOwner(changing);
    case 'owner':
      return removeOwner(changing, wanted.user);
    default:
      throw unknown(wanted);
  }
}

function unknown({ kind }: Wanted): MeridianError {
  return new MeridianError('internal', `The npm protocol has no change of ${kind}.`);
}

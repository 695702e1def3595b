/** `dotnet nuget push` and `delete`: a package is published once, and can be taken off the lists, and put back on them. */
import type { Answer } from '../../../entry.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing } from '../../registry/ecosystem.ts';
import { amend } from '../../registry/hosted/amend.ts';
import { type Held, withBlobs } from '../../registry/hosted/blob.ts';
import { readMultipart } from '../../registry/hosted/multipart.ts';
import { publish } from '../../registry/hosted/publish.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { namedIn } from '../address.ts';
import { lowerId, packageFile } from '../name.ts';
import { inspectPackage } from './inspect.ts';
import { metaOf } from './meta.ts';

const plain = 'text/plain; charset=utf-8';
const maxFieldBytes = 64 * 1024;

/** The first part of the form is the package, whatever it is called; others are not looked at. */
export function push(at: Changing): Promise<Answer> {
  return withBlobs(at, async (hold) => {
    let held: Held | null = null;
    await readMultipart(at, {
      maxFieldBytes,
      async file(_, stream) {
        held ??= await hold(stream, { hash: ['sha512'] });
      },
    });
    const taken: Held | null = held;
    if (taken === null) throw new Refusal(400, 'The form brings no package.');
    return publishHeld(taken, at);
  });
}

async function publishHeld(held: Held, at: Changing): Promise<Answer> {
  const nuspec = await inspectPackage(held);
  const name = lowerId(nuspec.id);
  const version = nuspec.version.toLowerCase();
  await publish(at, {
    ...{ name, version, meta: metaOf(nuspec), onExisting: 'refuse', takenStatus: 409 },
    files: [{ name: packageFile(name, version), held }],
  });
  return ownAnswer(201, plain, `${nuspec.id} ${nuspec.version} is published.\n`);
}

/** Off the lists: whoever names it still gets it. @param isListed back on them. */
export async function list(isListed: boolean, at: Changing): Promise<Answer> {
  const { id, version } = namedIn(at.path);
  const action = isListed ? 'relist' : 'unlist';
  await amend(at, { name: id, version, action }, (before) =>
    (before.yanked === null) === isListed ? before : { ...before, yanked: isListed ? null : '' },
  );
  return isListed ? ownAnswer(200, plain, '') : { ...ownAnswer(204, plain, ''), body: null };
}

export function refuseSymbols(): Answer {
  throw new Refusal(
    403,
    'This network keeps no symbols: push with --no-symbols, or embed them in the package (DebugType embedded).',
  );
}

/** Gems, and their specifications for `gem`. A gem is compared with the digest in its line of `/info`; of a specification, nobody says one. */
import type { Answer } from '../../entry.ts';
import { fromShasum } from '../../http/digest.ts';
import { errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { pullFile, pullFirst } from '../registry/file.ts';
import { readFullName } from './file-name.ts';
import { findLine } from './pull-info.ts';

export async function pullGem(item: Item, at: Pulling): Promise<Answer> {
  const isSpec = item.kind === 'gemspec';
  const file = item.path.slice(item.path.lastIndexOf('/') + 1);
  const build = readFullName(file.slice(0, file.lastIndexOf(isSpec ? '.gemspec.rz' : '.gem')));
  const line = build === null ? null : await findLine(build, at);
  if (build === null || line === null)
    return errorAnswer(at.registry.ecosystem, 404, `There is no ${item.path}.`);
  const digest = isSpec || line.sha256 === null ? undefined : fromShasum(line.sha256);
  return pullFirst(at.registry.sources.of(build.name), item, at, (source) =>
    pullFile(
      item,
      {
        ...{ source, url: `/${item.path}`, digest: digest ?? null, type: 'application/octet-stream' },
        ...{ version: line.version, publishedMs: line.createdMs },
        // A number is never given to other bytes: what was pushed can be yanked, and not pushed again.
        neverChanges: true,
      },
      at,
    ),
  );
}

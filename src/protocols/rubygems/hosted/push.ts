/** `gem push` and `gem yank`. */
import type { Answer } from '../../../entry.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing } from '../../registry/ecosystem.ts';
import { amend } from '../../registry/hosted/amend.ts';
import { authorise, homeOf } from '../../registry/hosted/authorise.ts';
import { withBlob } from '../../registry/hosted/blob.ts';
import { publish } from '../../registry/hosted/publish.ts';
import type { HostedVersion } from '../../registry/hosted/record.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { registryTag } from '../../registry/item.ts';
import { fullName, isGemName, isGemVersion, isPlatform, numberOf } from '../file-name.ts';
import { GemError, inspectGem } from '../inspect.ts';
import { versions } from '../version.ts';
import { factsOfFile, fileMetaOf, versionMetaOf } from './builds.ts';
import { formOf } from './form.ts';

const plain = 'text/plain; charset=utf-8';

/** Sentences that `gem` shows as they are. */
export async function push(at: Changing): Promise<Answer> {
  return withBlob(at, at.ask.exchange.body(at.registry.hosted?.maxFileBytes), {}, async (held) => {
    const spec = await inspectGem(await held.open()).catch((cause: unknown) => {
      if (!(cause instanceof GemError)) throw cause;
      throw new Refusal(422, `The gem ${cause.message}. Nothing was pushed.`, cause);
    });
    const { name, version, platform } = spec;
    if (!versions.isVersion(version) || !isGemVersion(version))
      throw new Refusal(422, `${version} is no version that a file could be called by. Nothing was pushed.`);
    const file = `${fullName(spec)}.gem`;
    const done = await publish(at, {
      ...{ name, version, meta: versionMetaOf(spec), onExisting: 'add' },
      files: [{ name: file, held, meta: fileMetaOf(spec) }],
      outdates: [registryTag('rubygems')],
    });
    const number = numberOf({ version, platform });
    if (done.files.length === 0)
      return ownAnswer(200, plain, `${name} (${number}) is here already, with the same bytes.`);
    return ownAnswer(200, plain, `Successfully registered gem: ${name} (${number})`);
  });
}

/** Takes a build out of the indexes. Whoever has it in a lock file still gets it; its number stays taken. */
export async function yank(at: Changing): Promise<Answer> {
  const form = await formOf(at);
  const [name, version] = [form.get('gem_name') ?? '', form.get('version') ?? ''];
  const platform = form.get('platform') || 'ruby';
  if (!isGemName(name) || !isGemVersion(version) || !isPlatform(platform))
    throw new Refusal(400, 'A yank names a gem, a version, and perhaps a platform.');
  authorise(at, 'publish', name);
  homeOf(at, name);
  const build = { name, version, platform };
  const file = `${fullName(build)}.gem`;
  await amend(
    at,
    { name, version, action: 'yank', detail: { file }, outdates: [registryTag('rubygems')] },
    (before) => yanked(before, file),
  );
  return ownAnswer(200, plain, `Successfully deleted gem: ${name} (${numberOf(build)})`);
}

function yanked(before: HostedVersion, file: string): HostedVersion {
  const found = before.files.find(({ name }) => name === file);
  if (found === undefined) throw new Refusal(404, `There is no ${file}.`);
  if (factsOfFile(found).isYanked) throw new Refusal(422, `${file} has been yanked before.`);
  const files = before.files.map((each) =>
    each === found ? { ...each, meta: { ...each.meta, isYanked: true } } : each,
  );
  const isGone = files.every((each) => factsOfFile(each).isYanked);
  return { ...before, files, yanked: isGone ? '' : before.yanked };
}

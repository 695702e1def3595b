/**
 * Whom a repository is for, by what the upstream says of it. Asked before anything else of it is given out, where that can make a difference: where the
 * network's own credential may see more than everybody, or where the policy goes by names, of which a repository may have several.
 */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import { refusePackage } from '../registry/policy/refuse.ts';
import { type Repo, repoNamed } from './address.ts';
import { addressOf, infoItem } from './items.ts';
import { jsonIn } from './json.ts';
import { answerOf } from './read.ts';
import { hubError } from './words.ts';

export interface Sharing {
  /** What the network's own credential may see, and not everybody: `share` gives it to whoever may use the route. */
  readonly gated: 'refuse' | 'share';
}

const info = z.object({
  id: z.string(),
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  lastModified: z.string().optional(),
  private: z.boolean().optional(),
  gated: z.union([z.boolean(), z.string()]).optional(),
});

export type RepoInfo = Readonly<z.output<typeof info>>;

/** @throws `upstream-invalid`. */
export function infoIn(bytes: Uint8Array, { id }: Pick<Repo, 'id'>): RepoInfo {
  return jsonIn(
    info,
    bytes,
    (cause) =>
      new MeridianError('upstream-invalid', `What the upstream says of ${id} cannot be read.`, { cause }),
  );
}

/** At a revision; or an answer that says why not. */
export async function readInfo(
  repo: Repo,
  rev: string | null,
  at: Pulling,
): Promise<{ readonly info: RepoInfo; readonly headers: Headers } | { readonly refusal: Answer }> {
  const found = await readItem(infoItem(repo, rev), at);
  if (found.status !== 200) return { refusal: answerOf(found) };
  return { info: infoIn(found.bytes, repo), headers: found.headers };
}

/** `null`: this may be given to whoever may use the route. */
export async function refuseRepo(item: Item, at: Pulling, sharing: Sharing): Promise<Answer | null> {
  const address = addressOf(item);
  const { registry } = at;
  const isOfUse = registry.policy !== null || registry.hosted !== null || hasCredential(item, at);
  if (!isOfUse || !('repo' in address)) return null;
  const found = await readInfo(address.repo, null, at);
  if ('refusal' in found) return found.refusal;
  return judge(item, address.repo, found.info, at, sharing);
}

/** The same where what is said of the repository is at hand. */
export function judge(
  item: Item,
  repo: Repo,
  said: RepoInfo,
  at: Pulling,
  { gated }: Sharing,
): Answer | null {
  const { name } = repoNamed(repo.type, said.id);
  // By another case or an old name, the upstream gives the same repository.
  if (name !== repo.name) {
    if (at.registry.livesHere(name)) return hubError(404, 'RepoNotFound', `There is no ${repo.name}.`);
    const refusal = refusePackage(name, at);
    if (refusal !== null) return refusal;
  }
  if (gated === 'share' || !hasCredential(item, at)) return null;
  if (said.private === true)
    return hubError(404, 'RepoNotFound', `There is no ${repo.name}, or it is not for everybody.`);
  const isContent = item.kind === 'file' || item.kind === 'facts' || item.kind === 'move';
  if (!isContent || said.gated === undefined || said.gated === false) return null;
  return hubError(
    403,
    'GatedRepo',
    `${repo.name} is gated, and this route does not share what its own credential may see: show your own token of the Hub.`,
  );
}

function hasCredential({ name }: Item, { registry }: Pulling): boolean {
  return registry.sources.of(name).some(({ remote }) => remote.authorization !== undefined);
}

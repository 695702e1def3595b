/** What is said of a package in a request of its own: where a tag points (`npm dist-tag`), and who may read it (`npm access`). */
import type { Answer } from '../../../entry.ts';
import { chunksOf } from '../../bodies.ts';
import { noSecondFactor } from '../account/profile.ts';
import { jsonAnswer } from '../canonical.ts';
import { type Changed, type Changing, changePackage, doneAnswer, findForChange } from './change.ts';
import { checkedOwners, ownersIn } from './edit.ts';
import { refuseUnlessTag, summaryOf } from './publish.ts';
import { findVersion, type HostedPackage, type Owner } from './record.ts';
import { Refusal, unreadable } from './refusal.ts';
import { allOf, documentsOf } from './selectors.ts';

/** Of a body that holds one word or two. */
const MAX_BYTES = 4 * 1024;
const MAX_TAGS = 10_000;

/** `PUT` and `DELETE /-/package/<name>/dist-tags/<tag>`; the body of the former is a version in quotes. */
export async function changeTag(changing: Changing, tag: string): Promise<Answer> {
  const { npm, name, exchange } = changing;
  const isRemoved = exchange.method === 'DELETE';
  const version = isRemoved ? null : await readJson(changing);
  if (!isRemoved) refuseUnlessTag(tag);
  const what = `The tag ${tag} of ${name}`;
  const revision = await changePackage(changing, 'publish', what, async ({ package: pkg }, transaction) => {
    const selectors = documentsOf(npm.route, name);
    const about = (of: string | undefined) => ({ what: 'tag', version: of, detail: { tag } }) as const;
    if (version === null) return { package: withoutTag(pkg, tag), selectors, deed: about(undefined) };
    if (typeof version !== 'string' || !Object.hasOwn(pkg.versions, version)) {
      throw new Refusal(404, `version not found: ${String(version)}`);
    }
    if (Object.keys(pkg.tags).length >= MAX_TAGS)
      throw new Refusal(400, `There are ${MAX_TAGS} tags already.`);
    const tags = { ...pkg.tags, [tag]: version };
    const deed = about(version);
    if (tag !== 'latest') return { package: { ...pkg, tags }, selectors, deed };
    const record = await findVersion(transaction, npm.route, name, version);
    return { package: { ...pkg, tags, latest: record && summaryOf(record, version) }, selectors, deed };
  });
  return doneAnswer(name, revision, isRemoved ? 200 : 201);
}

function withoutTag(pkg: HostedPackage, tag: string): HostedPackage {
  if (tag === 'latest')
    throw new Refusal(400, 'The tag latest cannot be removed, only given to another version.');
  if (!Object.hasOwn(pkg.tags, tag)) throw new Refusal(404, `tag not found: ${tag}`);
  const tags = Object.fromEntries(Object.entries(pkg.tags).filter(([other]) => other !== tag));
  return { ...pkg, tags };
}

/**
 * `POST /-/package/<name>/access` with `{"access": "public" | "restricted"}`; or with whether a second factor is needed to
 * publish (`npm access set mfa=…`), which it never is.
 */
export async function changeAccess(changing: Changing): Promise<Answer> {
  const { name } = changing;
  const body = await readJson(changing);
  if (typeof body === 'object' && body !== null && 'publish_requires_tfa' in body) {
    const { package: pkg } = await findForChange(changing, 'admin');
    if (body.publish_requires_tfa !== false) throw new Refusal(403, noSecondFactor);
    return jsonAnswer(200, { public: pkg.access === 'public' });
  }
  const access = accessIn(body);
  await changePackage(
    changing,
    'admin',
    `The access to ${name}`,
    async ({ package: pkg }): Promise<Changed> => {
      const deed = { what: 'access', detail: { access } } as const;
      return { package: { ...pkg, access }, selectors: allOf(name), deed };
    },
  );
  return jsonAnswer(200, { public: access === 'public' });
}

/** `PUT /-/package/<name>/owners` with `{"user": "bob"}`: pnpm's way, where npm edits the document. */
export async function addOwner(changing: Changing): Promise<Answer> {
  const body = await readJson(changing);
  const wanted = typeof body === 'object' && body !== null && 'user' in body ? body.user : undefined;
  if (typeof wanted !== 'string') throw new Refusal(400, 'A user is missing.');
  await findForChange(changing, 'admin');
  const user = await changing.origin.accounts?.user(wanted);
  if (user == null) throw new Refusal(404, `There is no user ${wanted}.`);
  const { name, email } = user;
  const added: Owner = email === null ? { name } : { name, email };
  return changeOwners(changing, (owners) => [...owners.filter((owner) => owner.name !== name), added]);
}

/** `DELETE /-/package/<name>/owners/<user>`. */
export function removeOwner(changing: Changing, user: string): Promise<Answer> {
  return changeOwners(changing, (owners) => {
    const left = owners.filter(({ name }) => name !== user);
    if (left.length < owners.length) return left;
    throw new Refusal(404, `${user} is no owner of ${changing.name}.`);
  });
}

async function changeOwners(
  changing: Changing,
  change: (owners: readonly Owner[]) => readonly Owner[],
): Promise<Answer> {
  const { npm, name } = changing;
  const what = `The owners of ${name}`;
  const revision = await changePackage(changing, 'admin', what, async ({ package: pkg }) => {
    const owners = checkedOwners(change(pkg.owners));
    const deed = { what: 'owners', detail: ownersIn(owners) } as const;
    return { package: { ...pkg, owners }, selectors: documentsOf(npm.route, name), deed };
  });
  return doneAnswer(name, revision);
}

function accessIn(body: unknown): HostedPackage['access'] {
  const access = typeof body === 'object' && body !== null && 'access' in body ? body.access : undefined;
  if (access === 'public') return 'public';
  if (access === 'restricted' || access === 'private') return 'restricted';
  throw new Refusal(400, 'Of a package, only `access` can be set here: public or restricted.');
}

async function readJson({ exchange }: Changing): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(exchange.body())) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Refusal(413, `The body may have ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw unreadable('The body is not JSON.', cause);
  }
}

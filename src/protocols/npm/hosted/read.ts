/** Reads of packages that live here which no cache may answer: for somebody who is about to change something. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { jsonAnswer } from '../canonical.ts';
import type { NpmOrigin } from '../origin.ts';
import type { Wanted } from '../path.ts';
import { storesOf } from './claims.ts';
import { findPackage, type HostedPackage } from './record.ts';
import { serveForEdit } from './serve.ts';

export async function readHosted(
  npm: NpmOrigin,
  wanted: Extract<Wanted, { readonly name: string }>,
  { exchange }: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const { name } = wanted;
  const found = await findPackage(storesOf(origin).metadata, npm.route, name);
  // Who may not read it does not learn that it is there.
  if (found === null || !mayRead(exchange, npm.route, name, found.package)) {
    return jsonAnswer(404, { error: `Not found: ${name}` });
  }
  const { access, owners } = found.package;
  switch (wanted.kind) {
    case 'packument':
      return serveForEdit(npm, name, origin);
    case 'visibility':
      return jsonAnswer(200, { public: access === 'public' });
    // pnpm's way to ask for the same.
    case 'access':
      return jsonAnswer(200, { access, publish_requires_tfa: false });
    case 'collaborators': {
      const known = await collaborators(npm.route, name, exchange, origin);
      return jsonAnswer(200, inForm(known ?? shownOwners(owners), exchange));
    }
    default:
      throw new MeridianError('internal', `The npm protocol does not pass on ${wanted.kind}.`);
  }
}

/** Names in one answer. */
const MAX_COLLABORATORS = 10_000;

/** Users who may read or publish it by name, for those who may publish it themselves; `null` for others. */
async function collaborators(
  route: string,
  subject: string,
  { identity }: Exchange,
  { accounts }: OriginDoor,
): Promise<Collaborators | null> {
  const deed = { route, subject, restricted: true };
  if (accounts === null || identity?.may({ ...deed, action: 'publish' }) !== true) return null;
  const { teams } = accounts;
  const publishers = (await teams.usersWho({ ...deed, action: 'publish' })).toSorted();
  const readers = (await teams.usersWho({ ...deed, action: 'read' })).toSorted();
  const all = new Map<string, 'read' | 'write'>(publishers.map((user) => [user, 'write']));
  for (const user of readers) if (!all.has(user)) all.set(user, 'read');
  return Object.fromEntries([...all].slice(0, MAX_COLLABORATORS));
}

type Collaborators = Readonly<Record<string, 'read' | 'write'>>;

/** By name, as npm wants them since its version 9; as a list, which pnpm asks for with `format=cli`. */
function inForm(known: Collaborators, exchange: Exchange): unknown {
  if (!asksForList(exchange)) return known;
  return Object.entries(known).map(([user, right]) => {
    return { user, permissions: right === 'write' ? 'read-write' : 'read-only' };
  });
}

function asksForList({ query }: Exchange): boolean {
  return new URLSearchParams(query).get('format') === 'cli';
}

function shownOwners(owners: HostedPackage['owners']): Collaborators {
  return Object.fromEntries(owners.map((owner) => [owner.name, 'write']));
}

/** What is not restricted is for all who may read the route, whom the PoP has let in. */
export function mayRead(
  { identity }: Exchange,
  route: string,
  subject: string,
  { access }: Pick<HostedPackage, 'access'>,
): boolean {
  if (access === 'public') return true;
  return identity?.may({ action: 'read', route, subject, restricted: true }) === true;
}

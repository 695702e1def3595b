/**
 * A change of a package that lives here: one transaction, which is told to all nodes before its author hears that it is done.
 */
import type { Answer } from '../../../entry.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Action } from '../../../identity.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { Act, Revision, Transaction } from '../../../store.ts';
import { jsonAnswer } from '../canonical.ts';
import type { NpmOrigin } from '../origin.ts';
import { storesOf } from './claims.ts';
import { type FoundPackage, findPackage, type HostedPackage, packageKey } from './record.ts';
import { authorise, Refusal } from './refusal.ts';
import { noteUnpurged, tell } from './tell.ts';

/** Who asks for a change of what. */
export interface Changing {
  readonly npm: NpmOrigin;
  readonly name: string;
  readonly exchange: Exchange;
  readonly origin: OriginDoor;
}

/** What a change comes to. */
export interface Changed {
  readonly package: HostedPackage;
  /** What it makes outdated. */
  readonly selectors: readonly Selector[];
  readonly deed: Deed;
}

/** What is done, for the audit log. */
export interface Deed {
  readonly what: 'publish' | 'unpublish' | 'edit' | 'tag' | 'access' | 'owners' | 'key';
  /** Of the one version that it is about. */
  readonly version?: string | undefined;
  readonly detail: Act['detail'];
}

/** Writes down who has done it. An empty name: to the route as a whole. */
export async function audit(
  transaction: Transaction,
  { npm: { route, clock }, name, exchange, origin }: Changing,
  { what, version, detail }: Deed,
): Promise<void> {
  await storesOf(origin).audit(transaction, {
    atMs: clock.now(),
    by: exchange.identity?.name ?? 'anonymous',
    token: exchange.identity?.token ?? null,
    from: exchange.tier?.caller?.address ?? null,
    what: `npm.${what}`,
    subject: `${route} ${name}${version === undefined ? '' : `@${version}`}`.trimEnd(),
    detail,
  });
}

/** Fails with a `Refusal` for who may not, and where there is no such package. */
export async function findForChange(
  { npm, name, exchange, origin }: Changing,
  action: Action,
  reader: Pick<Transaction, 'get' | 'scan'> = storesOf(origin).metadata,
): Promise<FoundPackage> {
  const found = await findPackage(reader, npm.route, name);
  const restricted = found?.package.access === 'restricted';
  authorise(exchange, { action, route: npm.route, subject: name, restricted });
  if (found === null) throw new Refusal(404, `Not found: ${name} does not live here`);
  return found;
}

/**
 * Changes a package that is there.
 * @param what for the log and the author: `The deprecation of left-pad`.
 */
export async function changePackage(
  changing: Changing,
  action: Action,
  what: string,
  work: (found: FoundPackage, transaction: Transaction) => Promise<Changed>,
): Promise<Revision> {
  const { npm, name, origin } = changing;
  const { route, clock } = npm;
  const done = await storesOf(origin).metadata.transact(async (transaction) => {
    const found = await findForChange(changing, action, transaction);
    const { package: pkg, selectors, deed } = await work(found, transaction);
    const changed: HostedPackage = { ...pkg, modifiedMs: clock.now() };
    const revision = await transaction.put(packageKey(route, name), changed, found.revision);
    await audit(transaction, changing, deed);
    await noteUnpurged(transaction, npm, name, selectors);
    return { name, selectors, revision };
  });
  await tell(route, done, origin, what);
  return done.revision;
}

/** As registries say that it is done. */
export function doneAnswer(name: string, revision: Revision, status: 200 | 201 = 200): Answer {
  return jsonAnswer(status, { ok: true, success: true, id: name, rev: revision });
}

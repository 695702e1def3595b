/**
 * What is cut out of a package's documents, or goes by them, must go by those that were made under the terms that hold now. The cache may give
 * out an older one while it revalidates it, which does for people who look for new versions, and not for who is about to be
 * given a tarball for a year.
 */
import { MeridianError } from '../../../errors.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Resource } from '../../../resource.ts';
import { holdsUnder, markOf } from '../../registry/policy/terms.ts';
import type { ReadDocument } from '../canonical.ts';
import type { NpmOrigin } from '../origin.ts';
import { sourceIn } from '../source.ts';

/**
 * @param name the package that the document is about.
 * @throws `policy-unready` where only one of before can be had.
 */
export async function readCurrent(
  npm: NpmOrigin,
  name: string,
  resource: Resource,
  ask: Ask,
  origin: OriginDoor,
): Promise<ReadDocument> {
  const maxBytes = boundOf(npm);
  const read = await origin.read(resource, ask, maxBytes);
  if (isCurrent(npm, name, read)) return read;
  const again = await origin.read(resource, { ...ask, stored: null, reload: true }, maxBytes);
  if (npm.policy === null || isCurrent(npm, name, again)) return again;
  throw new MeridianError(
    'policy-unready',
    `What is known of ${name} was judged by other rules, or long ago`,
  );
}

function isCurrent(npm: NpmOrigin, name: string, { status, headers }: ReadDocument): boolean {
  if (status !== 200) return true;
  const source = sourceIn(headers);
  if (source === null) return npm.policy === null;
  const terms = npm.policy?.termsOf(name) ?? null;
  return holdsUnder(source.stamp, terms && markOf(terms), npm.clock.now());
}

/** A canonical document has no white space, but longer links: it may exceed its source, though not twofold. */
function boundOf(npm: NpmOrigin): number {
  return 2 * npm.maxPackumentBytes;
}

/**
 * Makes a protocol of an ecosystem: what lives here is answered from the store, what does not from the sources that may have it, and what the
 * policy is against from nowhere. See README.md.
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { ownTarget } from '../../http/targeted.ts';
import type { Change, Mount, OriginHome, Protocol } from '../../protocol.ts';
import type { Selector } from '../../purge.ts';
import { restrict, toldApart } from '../blob-answer.ts';
import { Budget } from '../budget.ts';
import { renderedFor } from '../rendered.ts';
import { replacer } from '../replace.ts';
import { openAhead } from './ahead.ts';
import { errorAnswer } from './answers.ts';
import { catalogueOf } from './catalogue.ts';
import type { Pulling, RegistryOrigin } from './ecosystem.ts';
import { type Ecosystem, type Item, placeholder } from './ecosystem.ts';
import { foresightOf } from './foresight.ts';
import { openHosted } from './hosted/claims.ts';
import { hostingOf } from './hosted/hosting.ts';
import { Refusal } from './hosted/refusal.ts';
import { openTeller } from './hosted/tell.ts';
import { addressIn, indexTag, itemOf, keyOf, neverChanges, registryTag } from './item.ts';
import { mirrorOf } from './mirror/mirror.ts';
import { orMirrored } from './mirror/serve.ts';
import { below, foreignOf, namer } from './name.ts';
import { needsOf } from './needs.ts';
import type { RegistryOptions } from './options.ts';
import { policyDesk } from './policy/explain.ts';
import { beginWithout, openPolicy } from './policy/policy.ts';
import { policyField, refusePackage } from './policy/refuse.ts';
import { openSources } from './sources.ts';
import { writtenOut } from './written-out.ts';

/** Indexes of the largest size that may be under way at the same time. */
const largestAtOnce = 4;
const encoder = new TextEncoder();

export function registry(
  ecosystem: Ecosystem,
  given: RegistryOptions,
  mount: Mount,
  clock: Clock = systemClock,
): Protocol {
  const options = writtenOut(given, ecosystem);
  const { id } = ecosystem;
  const canonical = (name: string) => ecosystem.canonical(name);
  const { route, prefix } = mount;
  const { metadata, maxIndexBytes } = options;
  const hosted = options.hosted && openHosted(options.hosted, canonical);
  const livesHere = (name: string) => hosted?.claims(name) === true;
  const isRestricted = (name: string) => livesHere(name) && hosted?.isPublic(name) !== true;
  const policy = options.policy && openPolicy(options.policy, { ecosystem, route, clock });
  const origin: RegistryOrigin = {
    ...{ ecosystem, route, prefix, hosted, policy, metadata, maxIndexBytes, clock, isRestricted, livesHere },
    sources: openSources(options.upstreams, livesHere, canonical),
    teller: openTeller(ecosystem, route),
    mirror: options.mirror,
    budget: new Budget(largestAtOnce * maxIndexBytes),
  };
  const ahead = openAhead(origin, options.ahead);
  const naming = { route, ecosystem, metadata, isRestricted, livesHere };
  return {
    id,
    name: namer(mount, ecosystem, naming),
    covers: (target) => covers(mount, ecosystem, target),
    changed: (named, before, after) => {
      const item = itemOf(named);
      return item === null ? null : changed(origin, item, before, after);
    },
    rewrite(resource, answer) {
      const address = addressIn(resource.key);
      if (address === null) return answer;
      const rendered = renderedFor(address, answer, () => [
        replacer(encoder.encode(placeholder), encoder.encode(address)),
      ]);
      return linkedFor(address, rendered);
    },
    confirm(resource, answer) {
      const address = addressIn(resource.key);
      return address === null ? answer : linkedFor(address, answer);
    },
    ...(ecosystem.error && {
      problem: (error, { base }) => ({
        ...(ecosystem.error?.(error.row.status, error.explanation) ?? plain(error)),
        ...(ecosystem.challenge && { challenge: ecosystem.challenge(base + prefix) }),
      }),
    }),
    async pull(ask, door) {
      origin.teller.tellLeft(door);
      const at = { registry: origin, ask, door };
      if (ask.named.as === 'pass') return receive(at);
      const item = itemOf(ask.named);
      if (item === null) throw notNamed(ecosystem);
      const answer = await read(item, at);
      ahead.foresee(item, answer, at);
      return answer;
    },
    ...(ecosystem.foresight && { foresight: foresightOf(ecosystem.foresight, { prefix, origin }) }),
    guides: (at) => ecosystem.guides(at),
    catalogue: catalogueOf(origin),
    policy: policyDesk(policy, origin),
    ...mirrorOf(origin),
    ...needsOf(origin),
    ...(ecosystem.accepts && { accepts: ecosystem.accepts }),
    ...hostingOf(origin),
    begin(home: OriginHome) {
      if (policy === null) beginWithout(origin, home);
      else policy.begin(home);
    },
    close: () => policy?.close(),
  };
}

/** Links to further pages are absolute, because clients follow no others. */
function linkedFor(address: string, answer: Answer): Answer {
  const link = answer.headers.get('link');
  if (link !== null) answer.headers.set('link', link.replaceAll(placeholder, address));
  return answer;
}

/** What lives here is nobody else's business; of what does not, the policy is asked first. */
async function read(item: Item, at: Pulling): Promise<Answer> {
  const { registry } = at;
  if (item.name !== null && registry.hosted?.claims(item.name) === true) {
    const answer = await refusing(at, () => servedHere(item, at));
    return registry.isRestricted(item.name) ? forSome(answer) : answer;
  }
  await registry.policy?.ready();
  const refusal = item.name === null ? null : refusePackage(item.name, at);
  if (refusal !== null) return refusal;
  const pull = () => refusing(at, () => registry.ecosystem.pull(item, at));
  return orMirrored(item, at, pull, ({ version, mirroredMs }) => mayPass(item, { version, mirroredMs }, at));
}

/** What lives here and is for some alone says so, whatever the ecosystem made of it: also that it is not there, or has not changed. */
function forSome(answer: Answer): Answer {
  const { headers } = answer;
  restrict(answer);
  if (!headers.has(ownTarget)) return toldApart(answer);
  headers.set('cache-control', (headers.get('cache-control') ?? 'no-store').replace('public', 'private'));
  return answer;
}

/** Whether the policy lets through what was mirrored, as if it had been published then: its index is not looked at. */
function mayPass(
  { name }: Item,
  { version, mirroredMs }: { readonly version: string | null; readonly mirroredMs: number },
  { registry: { policy } }: Pulling,
): boolean {
  if (name === null || version === null || policy === null) return true;
  return policy.judgeOf(name).against({ version, publishedMs: mirroredMs }) === null;
}

function servedHere(item: Item, at: Pulling): Promise<Answer> {
  const { ecosystem } = at.registry;
  return ecosystem.serve?.(item, at) ?? Promise.reject(new Refusal(404, 'Nothing of this kind lives here.'));
}

async function receive(at: Pulling): Promise<Answer> {
  const { ecosystem, prefix, teller } = at.registry;
  const { method, target, headers } = at.ask.exchange;
  const [path, query] = below({ prefix }, target);
  const isRead = method === 'GET' || method === 'HEAD';
  const wanted =
    foreignOf(ecosystem, headers.get('authorization'), [path, query], at.registry.livesHere) ??
    (isRead ? ecosystem.read(path, query) : ecosystem.write?.(method, path, query));
  if (!wanted || !('what' in wanted) || ecosystem.receive === undefined) throw notNamed(ecosystem);
  const { what, name } = wanted;
  if (wanted.as === 'pass' && name !== null && !at.registry.livesHere(name)) {
    // Whoever asks an upstream as himself is still a client of this network.
    await at.registry.policy?.ready();
    const refusal = refusePackage(name, at);
    if (refusal !== null) return refusal;
  }
  const answer = await refusing(at, () =>
    teller.noting(ecosystem.receive?.(what, { ...at, path, query }) ?? Promise.reject(notNamed(ecosystem))),
  );
  return wanted.as === 'pass' && name !== null && at.registry.isRestricted(name) ? forSome(answer) : answer;
}

/** What the ecosystem refuses, in its own words. */
async function refusing({ registry }: Pulling, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof Refusal) return errorAnswer(registry.ecosystem, thrown.status, thrown.message, 0);
    throw thrown;
  }
}

function covers(mount: Mount, ecosystem: Ecosystem, target: string): readonly Selector[] {
  const read = ecosystem.read(...below(mount, target));
  const items = read.as === 'item' ? [read.item] : read.as === 'forms' ? read.forms : [];
  return items.map((item) => ({ by: 'key', key: keyOf(mount.route, item) }));
}

/** All that is made of the same index is another one now. Files are what they are, unless they are gone. */
function changed(
  { ecosystem, route, hosted }: RegistryOrigin,
  item: Item,
  before: Parameters<Protocol['changed']>[1],
  { status, headers }: Answer,
): Change | null {
  const key = keyOf(route, item);
  const own: Selector = { by: 'key', key };
  // What lives here has been purged by whoever has changed it.
  if (before.status !== 200 || (item.name !== null && hosted?.claims(item.name) === true)) return null;
  if (headers.has(policyField)) return { selectors: [own], soft: true, seen: key };
  if (status === 404 || status === 410) return { selectors: [own], soft: false, seen: key };
  const etag = headers.get('etag');
  if (neverChanges(item) || status !== 200 || etag === null || etag === before.etag) return null;
  const together = ecosystem.belongTogether?.(item) ?? [];
  if (together.length > 0)
    return { selectors: together.map((tag) => ({ by: 'tag', tag })), soft: false, seen: key };
  const { id } = ecosystem;
  const tag = item.name === null ? registryTag(id) : indexTag(id, item.name);
  return { selectors: item.form === undefined ? [own] : [{ by: 'tag', tag }], soft: true, seen: key };
}

function notNamed({ title }: Ecosystem): MeridianError {
  return new MeridianError('internal', `The protocol of ${title} has named something that it does not know.`);
}

function plain(error: MeridianError) {
  return { type: 'text/plain; charset=utf-8', body: `${error.explanation}\n` };
}

/**
 * What a policy leaves of a packument: the versions that may be used, tags that lead to one of those, and what is remembered of the
 * others, so that whoever asks for one of their files learns why he does not get it.
 *
 * Pure, and as long as the document is large: it runs in the packument worker.
 */

import type { Facts, Terms } from '../../registry/policy/terms.ts';
import { reasonsOf, untilOf } from '../../verdict.ts';
import { bareObject, isObject, type Json, type JsonObject } from '../json.ts';
import { judge } from './judge.ts';
import { isVersion } from './osv.ts';

export interface Enforced {
  readonly hidden: ReadonlyMap<string, Facts>;
  readonly tags: JsonObject;
  /** When the same terms lead to something else, ms since the epoch; `null`: never. */
  readonly changesAtMs: number | null;
  /** Why nothing is left of a package that had versions; `null` where something is. */
  readonly nothingLeft: string | null;
}

export interface Parts {
  readonly name: string;
  readonly versions: JsonObject;
  readonly tags: JsonObject;
  readonly time: Json | undefined;
}

export function enforce({ name, versions, tags, time }: Parts, terms: Terms, nowMs: number): Enforced {
  const hidden = new Map<string, Facts>();
  let changesAtMs: number | null = null;
  for (const [version, manifest] of Object.entries(versions)) {
    const facts = factsOf(version, manifest, time);
    const against = judge(terms, facts, nowMs).filter(({ passes }) => !passes);
    if (against.length === 0) continue;
    hidden.set(version, facts);
    const untilMs = untilOf(against);
    if (untilMs !== null) changesAtMs = Math.min(untilMs, changesAtMs ?? untilMs);
  }
  if (hidden.size === 0) return { hidden, tags, changesAtMs, nothingLeft: null };
  const left = Object.keys(versions).filter((version) => !hidden.has(version));
  return {
    hidden,
    tags: movedTags(tags, hidden, left, versions),
    changesAtMs,
    nothingLeft: left.length > 0 ? null : emptiness(name, tags, hidden, terms, nowMs),
  };
}

/** Why no version may be used, told of the one that somebody most likely wants. */
function emptiness(
  name: string,
  { latest }: JsonObject,
  hidden: ReadonlyMap<string, Facts>,
  terms: Terms,
  nowMs: number,
): string {
  const facts = (typeof latest === 'string' ? hidden.get(latest) : undefined) ?? [...hidden.values()].at(-1);
  const findings = facts === undefined ? [] : judge(terms, facts, nowMs);
  const all = hidden.size === 1 ? 'its only version' : `any of its ${hidden.size} versions`;
  const why = reasonsOf(findings.filter(({ passes }) => !passes));
  return `The policy of this registry does not let ${name} be used in ${all}: ${name}@${facts?.version} ${why}`;
}

export function factsOf(version: string, manifest: Json | undefined, time: Json | undefined): Facts {
  const published = isObject(time) && Object.hasOwn(time, version) ? time[version] : undefined;
  const publishedMs = typeof published === 'string' ? Date.parse(published) : Number.NaN;
  const dist = isObject(manifest) ? manifest['dist'] : undefined;
  const attestations = isObject(dist) ? dist['attestations'] : undefined;
  return {
    version,
    publishedMs: Number.isFinite(publishedMs) ? publishedMs : null,
    hasProvenance: isObject(attestations) && isObject(attestations['provenance']),
  };
}

/**
 * Tags that lead to a hidden version are dropped, but for `latest`, without which `npm install` finds nothing. That one moves as npm itself
 * would move it with `--before`: to the highest release below it. Only where there is none, to the highest release of all; and to a
 * pre-release where there is nothing else. Among equals, one that is not deprecated.
 */
function movedTags(
  tags: JsonObject,
  hidden: ReadonlyMap<string, Facts>,
  left: readonly string[],
  versions: JsonObject,
): JsonObject {
  const kept = bareObject();
  for (const [tag, version] of Object.entries(tags)) {
    if (typeof version === 'string' && !hidden.has(version)) kept[tag] = version;
  }
  const before = tags['latest'];
  if (typeof before !== 'string' || !hidden.has(before)) return kept;
  const latest = successor(before, left, versions);
  if (latest !== null) kept['latest'] = latest;
  return kept;
}

function successor(before: string, left: readonly string[], versions: JsonObject): string | null {
  const sortable = left.filter(isVersion);
  const rank = (version: string): number => {
    const isLower = isVersion(before) && Bun.semver.order(version, before) < 0;
    const manifest = versions[version];
    const isDeprecated = isObject(manifest) && Boolean(manifest['deprecated']);
    return (version.includes('-') ? 0 : 4) + (isLower ? 2 : 0) + (isDeprecated ? 0 : 1);
  };
  let best: string | null = null;
  for (const version of sortable) {
    if (best === null) best = version;
    else if ((rank(version) - rank(best) || Bun.semver.order(version, best)) > 0) best = version;
  }
  return best ?? left.at(-1) ?? null;
}

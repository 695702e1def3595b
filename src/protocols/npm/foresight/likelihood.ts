/**
 * How sure one can be of what a client will choose who does not say what he looks for: what others have been given by this origin is what
 * people here install.
 */
import { type Picker, satisfies } from './pick.ts';
import type { Shelf } from './shelf.ts';
import { signsOf } from './signs.ts';

export interface Beginning {
  /** Number of the version. */
  readonly at: number;
  /** 0 to 1: that it is this one. */
  readonly confidence: number;
  /** By asking for any of these, he shows that it is. Absent: what is installed along with it need not wait for that. */
  readonly once?: readonly string[];
}

/** Where nobody here has asked for any version: that it is the latest one. */
const likelyLatest = 0.7;
/** Where what they have asked for leaves no doubt, and where it leaves some. */
const likelyKnown = 0.95;
const likelyAmongSeveral = 0.6;
/** Versions that are looked at. */
const mostLooked = 500;
/** Versions whose trees are gone through, where several are in use. */
const mostTrees = 3;
/** Other lines that he may want a version of. */
const mostRivals = 16;
/** People who take what is newest in a range have it by then. */
const newForMs = 3 * 86_400_000;

/**
 * What he may be about to install, the likeliest first; none: there is no such version.
 *
 * @param locked the version that he has asked for; `null`: he did not say.
 * @param nowMs since the epoch.
 */
export function beginningsOf(
  picker: Picker,
  locked: string | null,
  shelf: Shelf,
  nowMs: number,
): readonly Beginning[] {
  if (locked !== null) {
    const at = picker.numberOf(locked);
    return at === null ? [] : [{ at, confidence: 1 }];
  }
  const { tags, versions } = picker.choices;
  const latest = picker.numberOf(tags['latest'] ?? '') ?? (versions.length > 0 ? 0 : null);
  if (latest === null) return [];
  const held = heldOf(picker, shelf);
  const ownLine = lineAt(picker, latest);
  const lines = [...new Set(held.map((at) => lineAt(picker, at)))].sort(
    (one, other) => Number(other === ownLine) - Number(one === ownLine),
  );
  if (lines.length === 0) {
    const rivals = newestOfOthers(picker, ownLine);
    return [waiting(picker, { at: latest, confidence: likelyLatest }, rivals, shelf)];
  }
  const inUse = lines.slice(0, mostTrees).map((line) => inLine(picker, line, { held, latest, nowMs }));
  if (inUse.length === 1) return inUse.map((at) => ({ at, confidence: likelyKnown }));
  return inUse.map((at) => {
    const rivals = inUse.filter((other) => other !== at);
    return waiting(picker, { at, confidence: likelyAmongSeveral }, rivals, shelf);
  });
}

/** Of what stands alone, only its own file can be in vain, and nothing shows it but that. */
function waiting(picker: Picker, begun: Beginning, rivals: readonly number[], shelf: Shelf): Beginning {
  const { dependencies = {}, optional = {}, peers = {} } = picker.needsOf(begun.at);
  const standsAlone = Object.keys({ ...dependencies, ...optional, ...peers }).length === 0;
  if (rivals.length === 0 || standsAlone) return begun;
  return { ...begun, once: signsOf(picker, begun.at, rivals, shelf) };
}

interface Line {
  readonly held: readonly number[];
  readonly latest: number;
  readonly nowMs: number;
}

/** What is installed of a line in which some version is in use. */
function inLine(picker: Picker, line: string, { held, latest, nowMs }: Line): number {
  const { versions, modifiedMs } = picker.choices;
  // The highest comes first.
  const highest = held.find((at) => lineAt(picker, at) === line)!;
  const inRange = versions.findIndex(([version]) => satisfies(version, `^${versions[highest]![0]}`));
  const newest = lineAt(picker, latest) === line ? latest : inRange < 0 ? highest : inRange;
  // Nobody has taken what has been there for long: they have asked for the very one that they have.
  const isKnownToBeOld = modifiedMs !== null && nowMs - modifiedMs > newForMs;
  return isKnownToBeOld && !held.includes(newest) ? highest : newest;
}

/** Of each other line the newest, those of the highest lines. */
function newestOfOthers(picker: Picker, line: string): readonly number[] {
  const newest = new Map<string, number>();
  for (const [at, [version]] of picker.choices.versions.entries()) {
    if (newest.size > mostRivals) break;
    if (version.includes('-') || newest.has(lineOf(version))) continue;
    newest.set(lineOf(version), at);
  }
  newest.delete(line);
  return [...newest.values()];
}

/** Numbers of versions that somebody has asked for, the highest first. */
function heldOf(picker: Picker, shelf: Shelf): readonly number[] {
  const held: number[] = [];
  const count = Math.min(mostLooked, picker.choices.versions.length);
  for (let at = 0; at < count; at++) if (shelf.isHeld(picker, at)) held.push(at);
  return held;
}

function lineAt(picker: Picker, at: number): string {
  return lineOf(picker.choices.versions[at]![0]);
}

/** What one range (`^`) goes over. */
function lineOf(version: string): string {
  const [major = '', minor = ''] = version.split('.', 2);
  return major === '0' ? `0.${minor}` : major;
}

/** A document is the same whatever is chosen out of it, and most of what one version needs, others need as well. */
export function likelihoodOfDocument(confidence: number): number {
  return 1 - (1 - confidence) / 2;
}

/** Of what is behind a lock: what others here have been given is what it names, more likely than what is newest today. */
const likelyHeld = 0.9;
const likelyNewest = 0.4;
/** By how much less, for each more that others have been given of the same range, up to so many. */
const doubtForEach = 0.4;
const mostDoubts = 3;

export function lockedChoice(picker: Picker, range: string, newest: number, shelf: Shelf): Beginning {
  const { versions } = picker.choices;
  const count = Math.min(mostLooked, versions.length);
  let highest: number | null = null;
  let others = 0;
  for (let at = newest; at < count && others < mostDoubts; at++) {
    if (!shelf.isHeld(picker, at) || (at > newest && !satisfies(versions[at]![0], range))) continue;
    if (highest === null) highest = at;
    else others++;
  }
  return highest === null
    ? { at: newest, confidence: likelyNewest }
    : { at: highest, confidence: likelyHeld / (1 + doubtForEach * others) };
}

/**
 * How sure one can be of what a client will choose who does not say what he looks for: what others have been given by this origin is what
 * people here install.
 */
import { type Picker, satisfies } from './pick.ts';
import type { Shelf } from './shelf.ts';

export interface Beginning {
  /** Number of the version. */
  readonly at: number;
  /** 0 to 1: that it is this one. */
  readonly confidence: number;
}

/** Where nobody here has asked for any version: that it is the latest one. */
const likelyLatest = 0.7;
/** Where what they have asked for leaves no doubt, and where it leaves some. */
const likelyKnown = 0.95;
const likelyAmongSeveral = 0.6;
/** Versions that are looked at. */
const mostLooked = 500;

/** `null`: there is no such version. @param locked the version that he has asked for; `null`: he did not say. */
export function beginningOf(picker: Picker, locked: string | null, shelf: Shelf): Beginning | null {
  if (locked !== null) {
    const at = picker.numberOf(locked);
    return at === null ? null : { at, confidence: 1 };
  }
  const { tags, versions } = picker.choices;
  const latest = picker.numberOf(tags['latest'] ?? '') ?? (versions.length > 0 ? 0 : null);
  if (latest === null) return null;
  const held = heldOf(picker, shelf);
  if (held.length === 0) return { at: latest, confidence: likelyLatest };
  const lines = new Set(held.map((at) => lineOf(versions[at]![0])));
  const confidence = lines.size === 1 ? likelyKnown : likelyAmongSeveral;
  const line = lineOf(versions[latest]![0]);
  if (lines.has(line)) return { at: latest, confidence };
  // Nobody here has come as far: the newest one of those that they can have.
  const [highest] = held;
  const newest = versions.findIndex(([version]) => satisfies(version, `^${versions[highest!]![0]}`));
  return { at: newest < 0 ? highest! : newest, confidence };
}

/** Numbers of versions that somebody has asked for, the highest first. */
function heldOf(picker: Picker, shelf: Shelf): readonly number[] {
  const held: number[] = [];
  const count = Math.min(mostLooked, picker.choices.versions.length);
  for (let at = 0; at < count; at++) if (shelf.isHeld(picker, at)) held.push(at);
  return held;
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

export function lockedChoice(picker: Picker, range: string, newest: number, shelf: Shelf): Beginning {
  const { versions } = picker.choices;
  if (shelf.isHeld(picker, newest)) return { at: newest, confidence: likelyHeld };
  const count = Math.min(mostLooked, versions.length);
  for (let at = newest + 1; at < count; at++) {
    if (shelf.isHeld(picker, at) && satisfies(versions[at]![0], range)) return { at, confidence: likelyHeld };
  }
  return { at: newest, confidence: likelyNewest };
}

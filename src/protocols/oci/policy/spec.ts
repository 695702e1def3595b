/**
 * What a rule is about: names of images by their full name (`docker.io/library/*`), some tags of them (`docker.io/library/alpine:3.1*`,
 * `ghcr.io/acme/app:<2.0`), or what a digest names, in one repository (`acme/app@sha256:…`) or in all (`sha256:…`).
 *
 * A range is one of versions, as npm has them. Of a tag counts the number that it begins with (`3.19` of `v3.19-slim`); one that begins with
 * none is in no range.
 */
import { matches } from '../../stars.ts';
import { type Digest, readDigest } from '../digest.ts';

export interface Spec {
  /** As the config has it. */
  readonly text: string;
  /** `null`: whatever the name. */
  readonly name: string | null;
  /** A pattern or a range; `null`: whatever the tag. */
  readonly tag: string | null;
  readonly digest: Digest | null;
}

/** Of a text that the config takes. */
export function specOf(text: string): Spec {
  const digest = readDigest(text);
  if (digest !== null) return { text, name: null, tag: null, digest };
  const at = text.indexOf('@');
  if (at >= 0) return { text, name: text.slice(0, at), tag: null, digest: readDigest(text.slice(at + 1)) };
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  if (colon < 0) return { text, name: text, tag: null, digest: null };
  return { text, name: text.slice(0, colon), tag: text.slice(colon + 1), digest: null };
}

export function isAbout({ name: pattern }: Spec, name: string): boolean {
  return pattern === null || hasForm(pattern, name);
}

export function takesTag({ tag: wanted }: Spec, tag: string): boolean {
  if (wanted === null) return true;
  if (!/^[<>=~^]/.test(wanted)) return hasForm(wanted, tag);
  const version = versionOf(tag);
  return version !== null && Bun.semver.satisfies(version, wanted);
}

function hasForm(pattern: string, text: string): boolean {
  return matches(pattern.split('*'), text);
}

function versionOf(tag: string): string | null {
  const [, major, minor = '0', patch = '0'] = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?/.exec(tag) ?? [];
  return major === undefined ? null : `${major}.${minor}.${patch}`;
}

/** What images are called on a command line and in a layout: `acme/app`, `acme/app:v1`, `acme/app@sha256:…`. */
import { type Digest, readDigest } from '../../digest.ts';
import { isName, isTag } from '../../path.ts';

export interface ImageName {
  readonly name: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
}

/** `null` for what is no such name. A host with a port may be its first word, so a tag comes after the last slash. */
export function readImageName(text: string): ImageName | null {
  const at = text.indexOf('@');
  if (at >= 0) {
    const digest = readDigest(text.slice(at + 1));
    const name = text.slice(0, at);
    return digest !== null && isName(name) ? { name, tag: null, digest } : null;
  }
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  const name = colon < 0 ? text : text.slice(0, colon);
  const tag = colon < 0 ? null : text.slice(colon + 1);
  return isName(name) && (tag === null || isTag(tag)) ? { name, tag, digest: null } : null;
}

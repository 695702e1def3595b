/**
 * At a PoP: the network's canonical document becomes the one for clients that reach it by this address. Tarball
 * links lead to where the client came from, so that it fetches those through the network as well.
 *
 * The document streams through. Its new entity tag depends on the canonical one and the address alone, so PoPs
 * that share an address agree on it. Compression comes after that, as for everything else.
 */
import type { Answer } from '../../entry.ts';
import type { Resource } from '../../resource.ts';
import { renderedFor } from '../rendered.ts';
import { replacer } from '../replace.ts';
import { renderingOf } from './key.ts';
import { ATTESTATIONS, placeholderOrigin } from './packument.ts';

const encoder = new TextEncoder();

export function rewrite(resource: Resource, answer: Answer): Answer {
  const rendering = renderingOf(resource.key);
  if (rendering === null) return answer;
  const { address } = rendering;
  return renderedFor(address, answer, () =>
    links.map(({ canonical, at }) => replacer(canonical, at(address))),
  );
}

/**
 * What links begin with in canonical JSON: of tarballs, and of attestations. These strings of bytes can only be members:
 * within a JSON string their quotes would be escaped.
 */
const links = [
  { member: '"tarball":', path: '' },
  { member: '"url":', path: ATTESTATIONS },
].map(({ member, path }) => ({
  canonical: encoder.encode(`${member}${opening(`${placeholderOrigin}${path}`)}`),
  at: (address: string) => encoder.encode(`${member}${opening(`${address}/${path}`)}`),
}));

/** A JSON string without its closing quote. */
function opening(text: string): string {
  return JSON.stringify(text).slice(0, -1);
}

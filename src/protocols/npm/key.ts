/**
 * Cache keys of this protocol, written and read. A key says everything that its answer depends on, so
 * the origin needs nothing else to know what to fetch: not the request, which may have asked for
 * something else (a tarball needs its package's index), and not its fields.
 *
 *     <route> packument/abbreviated/@scope/name
 *     <route> packument/abbreviated/@scope/name https://packages.example.com/npm     at a PoP
 *     <route> tarball/@scope/name/name-1.0.0.tgz
 */
import type { CacheKey } from '../../resource.ts';
import type { Form } from './form.ts';

/** What a key of this protocol stands for. */
export type Item =
  | { readonly kind: 'packument'; readonly form: Form; readonly name: string }
  | { readonly kind: 'manifest' | 'attestations'; readonly name: string; readonly version: string }
  | { readonly kind: 'tarball'; readonly name: string; readonly file: string }
  /** Where each tarball of a package is, and what its digest is. Asked for by the origin itself only. */
  | { readonly kind: 'dist-tags' | 'index'; readonly name: string }
  /** What installers choose from (`foresight/choices.ts`). Asked for by the origin itself only. */
  | { readonly kind: 'choices'; readonly name: string }
  /** Whether everybody may know that there is such a package (`hosted/known.ts`). */
  | { readonly kind: 'known'; readonly name: string }
  | { readonly kind: 'keys' };

/** How a PoP renders a document for its clients. */
export interface Rendering {
  /** `https://packages.example.com/npm`: where its clients reach the route; no trailing slash. */
  readonly address: string;
}

export function keyOf(route: string, item: Item, rendering: Rendering | null = null): CacheKey {
  const suffix = rendering === null ? '' : ` ${rendering.address}`;
  return `${route} ${wordOf(item)}${suffix}` as CacheKey;
}

function wordOf(item: Item): string {
  switch (item.kind) {
    case 'packument':
      return `packument/${item.form}/${item.name}`;
    case 'manifest':
    case 'attestations':
      return `${item.kind}/${item.name}/${item.version}`;
    case 'tarball':
      return `tarball/${item.name}/${item.file}`;
    case 'dist-tags':
    case 'index':
    case 'choices':
    case 'known':
      return `${item.kind}/${item.name}`;
    case 'keys':
      return 'keys';
  }
}

/** What a key written by `keyOf` stands for; `null` for one that was not. */
export function itemOf(key: CacheKey): Item | null {
  const word = key.split(' ')[1] ?? '';
  if (word === 'keys') return { kind: 'keys' };
  const slash = word.indexOf('/');
  const kind = word.slice(0, slash);
  const rest = word.slice(slash + 1);
  const last = rest.lastIndexOf('/');
  const [name, leaf] = [rest.slice(0, last), rest.slice(last + 1)];
  switch (kind) {
    case 'packument': {
      const form = rest.startsWith('full/') ? 'full' : 'abbreviated';
      return { kind, form, name: rest.slice(form.length + 1) };
    }
    case 'manifest':
    case 'attestations':
      return { kind, name, version: leaf };
    case 'tarball':
      return { kind, name, file: leaf };
    case 'dist-tags':
    case 'index':
    case 'choices':
    case 'known':
      return { kind, name: rest };
    default:
      return null;
  }
}

/** `null` for a key that is the same at every tier. */
export function renderingOf(key: CacheKey): Rendering | null {
  const address = key.split(' ')[2];
  return address === undefined ? null : { address };
}

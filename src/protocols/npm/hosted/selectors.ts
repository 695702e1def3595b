/** What a change of a package that lives here makes outdated. */
import type { Selector } from '../../../purge.ts';
import { type Item, keyOf } from '../key.ts';
import { manifestsTag } from '../name.ts';
import { fileName } from './record.ts';

const by = (route: string, item: Item): Selector => ({ by: 'key', key: keyOf(route, item) });

/** All that is made of the package's document. */
export function documentsOf(route: string, name: string): readonly Selector[] {
  return [
    by(route, { kind: 'packument', form: 'full', name }),
    by(route, { kind: 'packument', form: 'abbreviated', name }),
    by(route, { kind: 'dist-tags', name }),
    { by: 'tag', tag: manifestsTag(name) },
  ];
}

/** What is a version's own. Before it is published, "not found" may be kept of it. */
export function filesOf(route: string, name: string, version: string): readonly Selector[] {
  return [
    by(route, { kind: 'tarball', name, file: fileName(name, version) }),
    by(route, { kind: 'attestations', name, version }),
  ];
}

/** Everything of the package. */
export function allOf(name: string): readonly Selector[] {
  return [{ by: 'tag', tag: `npm:${name}` }];
}

export function keysOf(route: string): readonly Selector[] {
  return [by(route, { kind: 'keys' })];
}

/** What lives here is kept in one place, by all origins together; and has one home. */

import { settingsOf } from '../ecosystem-settings.ts';
import type { Mistake } from '../mistake.ts';
import type { ParsedNode, ParsedRoute } from '../schema.ts';
import type { Draft } from './draft.ts';

export function checkHosted(route: ParsedRoute, index: number, nodes: Draft['nodes']): Mistake[] {
  switch (route.protocol) {
    case 'npm': {
      if (route.npm.hosted === undefined) return [];
      const path = `routes[${index}].npm.hosted`;
      const { scopes } = route.npm.hosted;
      const twice = (route.npm.upstreams ?? []).flatMap((upstream) => upstream.scopes).find(isIn(scopes));
      const apart = checkStores(path, 'packages that one store keeps', nodes);
      if (apart.length > 0) return apart;
      if (twice === undefined) return [];
      return [{ path: `${path}.scopes`, expected: 'scopes that no upstream claims', found: twice }];
    }
    case 'oci': {
      const { hosted, sources } = route.oci;
      if (hosted === undefined) return [];
      const path = `routes[${index}].oci.hosted`;
      const apart = checkStores(path, 'images that one store keeps', nodes);
      if (apart.length > 0) return apart;
      const idle = checkRetention(`${path}.retention`, hosted.retention);
      if (idle.length > 0) return idle;
      const names = sources.map(({ name }) => name);
      const twice = hosted.names.find((pattern) => names.includes(pattern.split('/', 1)[0] ?? ''));
      if (twice === undefined) return [];
      return [{ path: `${path}.names`, expected: 'names that begin with no source', found: twice }];
    }
    case 'web':
      return [];
    default: {
      const { hosted, upstreams = [] } = settingsOf(route.protocol, route);
      if (hosted === undefined) return [];
      const path = `routes[${index}].${route.protocol}.hosted`;
      const apart = checkStores(path, 'packages that one store keeps', nodes);
      if (apart.length > 0) return apart;
      const twice = upstreams.flatMap(({ names }) => names).find(isIn(hosted.names));
      if (twice === undefined) return [];
      return [{ path: `${path}.names`, expected: 'names that no upstream claims', found: twice }];
    }
  }
}

type OciRoute = Extract<ParsedRoute, { protocol: 'oci' }>;
type RetentionRule = NonNullable<OciRoute['oci']['hosted']>['retention'][number];

/** A rule that says neither what stays nor for how long would be read as taking everything away, or nothing. */
function checkRetention(path: string, rules: readonly RetentionRule[]): Mistake[] {
  return rules.flatMap(({ keep, olderThanS, untaggedS, keepTags }, index): Mistake[] => {
    if (keep ?? olderThanS ?? untaggedS ?? keepTags[0]) return [];
    const expected = 'one of keep, olderThanS, untaggedS and keepTags';
    return [{ path: `${path}[${index}]`, expected, found: 'none of them' }];
  });
}

function checkStores(path: string, expected: string, nodes: Draft['nodes']): Mistake[] {
  const origins = [...nodes].filter(([, { role }]) => role === 'origin');
  const apart = origins.length < 2 ? undefined : origins.find(([, { store }]) => !isShared(store));
  if (apart === undefined) return [];
  const hint =
    'Give every origin the same `store: { metadata: postgres(…), blobs: s3(…) }`, or have one origin.';
  return [{ path, expected, found: `a store of its own at ${apart[0]}`, hint }];
}

function isIn(list: readonly string[]): (value: string) => boolean {
  return (value) => list.includes(value);
}

function isShared(store: ParsedNode['store']): boolean {
  return store?.metadata.postgres !== undefined && store.blobs.s3 !== undefined;
}

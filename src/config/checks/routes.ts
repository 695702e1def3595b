/**
 * Whether every route can be reached and told from the others, and its times go together.
 */
import type { Mistake } from '../mistake.ts';
import type { ParsedRoute } from '../schema.ts';
import type { Draft } from './draft.ts';
import { checkHosted } from './hosted.ts';

export function checkRoutes({ routes, nodes }: Draft): Mistake[] {
  return routes.flatMap((route, index) => {
    if (route === undefined) return [];
    const earlier = routes.slice(0, index).map((other, at) => ({ other, at }));
    return [
      ...checkName(route, index, earlier),
      ...checkShadow(route, index, earlier),
      ...checkHosted(route, index, nodes),
      ...checkTimes(route, index),
      ...checkSignatures(route, index),
    ];
  });
}

type Earlier = readonly { readonly other: ParsedRoute | undefined; readonly at: number }[];

/** The route of the network's own API. */
const reserved = 'meridian';

function checkName({ name }: ParsedRoute, index: number, earlier: Earlier): Mistake[] {
  if (name === reserved)
    return [
      {
        path: `routes[${index}].name`,
        expected: 'another name, as this is the network’s own',
        found: `'${name}'`,
      },
    ];
  const same = earlier.find(({ other }) => other?.name === name);
  if (same === undefined) return [];
  const found = `'${name}', the name of routes[${same.at}]`;
  return [
    {
      path: `routes[${index}].name`,
      expected: 'a name of its own',
      found,
      hint: 'Add a `name` to one of them.',
    },
  ];
}

/** The first match is taken: a route whose every host and path an earlier one matches never serves anything. */
function checkShadow(route: ParsedRoute, index: number, earlier: Earlier): Mistake[] {
  const over = earlier.filter(
    ({ other }) => other !== undefined && isBelow(route.match.path, other.match.path),
  );
  const hosts = route.match.hosts.length === 0 ? ['*'] : route.match.hosts;
  const shadows = hosts.map(
    (host) => over.find(({ other }) => matchesHost(other?.match.hosts ?? [], host))?.at,
  );
  if (shadows.some((at) => at === undefined)) return [];
  const names = [...new Set(shadows)].map((at) => `routes[${at}]`).join(' and ');
  const found = `one whose every request goes to ${names}`;
  const hint = 'Put the more specific route first.';
  return [
    { path: `routes[${index}].match`, expected: 'a match that no earlier route takes away', found, hint },
  ];
}

/** A shield vouches for what PoPs would ask about: so it keeps it for longer than they do. */
function checkTimes(route: ParsedRoute, index: number): Mistake[] {
  if (route.protocol !== 'web') return [];
  const { freshS, shieldS } = route.web.freshness;
  if (shieldS === undefined || (freshS !== undefined && shieldS >= freshS)) return [];
  const path = `routes[${index}].web.freshness.shieldS`;
  const found = freshS === undefined ? 'no freshS beside it' : `${shieldS} s, and freshS of ${freshS} s`;
  return [{ path, expected: 'no less than freshS', found }];
}

/** A rule that nothing could satisfy, or that one signature satisfies twice. */
function checkSignatures(route: ParsedRoute, index: number): Mistake[] {
  const rules = route.protocol === 'oci' ? (route.oci.policy?.signatures ?? []) : [];
  return rules.flatMap(({ keys, needed }, at): Mistake[] => {
    const path = `routes[${index}].oci.policy.signatures[${at}]`;
    const different = Math.min(...[keys.map(({ name }) => name), keys.map(({ pem }) => pem)].map(sizeOf));
    if (different < keys.length)
      return [{ path: `${path}.keys`, expected: 'each key and each name once', found: 'one twice' }];
    if (needed <= keys.length) return [];
    return [
      { path: `${path}.needed`, expected: `at most ${keys.length}, the number of keys`, found: `${needed}` },
    ];
  });
}

const sizeOf = (all: readonly string[]) => new Set(all).size;

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function matchesHost(patterns: readonly string[], host: string): boolean {
  if (patterns.length === 0) return true;
  return patterns.some(
    (pattern) =>
      pattern === host || (pattern.startsWith('*.') && host !== '*' && host.endsWith(pattern.slice(1))),
  );
}

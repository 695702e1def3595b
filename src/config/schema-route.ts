/** What every route says, whatever its protocol: which requests it serves, for whom, and where its answers are kept. */
import * as forms from './forms.ts';
import { flag, group, label, list, text } from './kinds.ts';
import { replicate } from './kv.ts';
import { routeAccess } from './schema-access.ts';
import { retention } from './schema-hosted.ts';

const match = group('Which requests the route serves. The first route that matches is taken.', {
  hosts: list(
    '`Host` of the request, without port. `*.example.com` stands for every name below `example.com`.',
    text(
      'Host.',
      { expected: "a host name such as 'npm.example.com' or '*.example.com'" },
      forms.hostPattern,
    ),
    'any host',
  ).prefault([]),
  path: text(
    'Path that the request starts with, in whole segments.',
    { expected: "a path prefix such as '/npm', of unreserved characters", otherwise: 'any path' },
    forms.pathPrefix,
  ).prefault(''),
});

const routeName = label(
  "Name of the route, the first word of its cache keys: changing it empties the route's cache.",
);

const offline = flag(
  'The origin asks no upstream of this route, for whatever reason. What is hosted, mirrored or cached is served, the last however old it is; anything else is answered with 504 (`upstream-offline`) at once.',
);

/** @param name of a route that says none. @param path where it is unless it says otherwise. */
export function placed(name: string, path = '') {
  return {
    name: routeName.prefault(name),
    match: match.prefault(path === '' ? {} : { path }),
    access: routeAccess.prefault('open'),
    replicate: replicate.optional(),
    retention: retention.prefault({}),
    offline: offline.prefault(false),
  };
}

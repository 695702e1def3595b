/**
 * Names requests that change something: what they do to which package, or why they are refused. Those that the route is no
 * home for are told where to go instead.
 */
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Action } from '../../identity.ts';
import type { Named, Pass, Refused } from '../../resource.ts';
import { mediaTypes } from './form.ts';
import type { Wanted } from './path.ts';

/** @param isHome packages can be published on this route. */
export function nameWrite(method: string, wanted: Wanted, exchange: Exchange, isHome: boolean): Named {
  // Of all that is not read, security advisories alone are asked for in a way that changes nothing.
  if (wanted.kind === 'advisories' && method === 'POST') return pass('advisories', exchange);
  const action = isHome ? actionOf(method, wanted) : null;
  if (action === null) return refuse(wanted.kind, isHome ? adviceAtHome(wanted) : adviceOnWriting(wanted));
  return pass(wanted.kind, exchange, { action, subject: 'name' in wanted ? wanted.name : '' });
}

/** What a request does; `null` for nothing that a registry knows. The origin looks more closely (`hosted/edit.ts`). */
function actionOf(method: string, { kind }: Wanted): Action | null {
  switch (kind) {
    case 'packument':
      return method === 'PUT' ? 'publish' : null;
    case 'revision':
      return method === 'PUT' ? 'publish' : method === 'DELETE' ? 'delete' : null;
    case 'tarball-revision':
      return method === 'DELETE' ? 'delete' : null;
    case 'dist-tag':
      return method === 'PUT' || method === 'POST' || method === 'DELETE' ? 'publish' : null;
    case 'access':
    case 'keys':
      return method === 'POST' ? 'admin' : null;
    case 'owners':
      return method === 'PUT' ? 'admin' : null;
    case 'owner':
      return method === 'DELETE' ? 'admin' : null;
    default:
      return null;
  }
}

function pass(kind: string, exchange: Exchange, deed?: Pass['deed']): Pass {
  const ask: [string, string][] = [
    ['accept', mediaTypes.full],
    ['accept-encoding', 'identity'],
  ];
  for (const name of ['content-type', 'content-encoding']) {
    const value = exchange.headers.get(name);
    if (value !== null) ask.push([name, value]);
  }
  return { as: 'pass', kind, why: 'method', ...(deed && { deed }), ask };
}

function adviceOnWriting(wanted: Wanted): string {
  switch (wanted.kind) {
    case 'audit-tree':
      return auditAdvice;
    case 'dist-tag':
    case 'dist-tags':
      return 'This route is pull-through: set tags at the upstream registry itself (npm dist-tag --registry <its address>). Where packages shall live here, its config says which (`hosted`).';
    default:
      return 'This route is pull-through: publish, deprecate and unpublish at the upstream registry itself (npm publish --registry <its address>). Where packages shall live here, its config says which (`hosted`).';
  }
}

function adviceAtHome(wanted: Wanted): string {
  switch (wanted.kind) {
    case 'audit-tree':
      return auditAdvice;
    case 'publish':
      return stageAdvice;
    default:
      return 'Packages are published with PUT to /<name>; this method does nothing here.';
  }
}

export const upstreamAdvice =
  'Nothing is published on this route, so nobody owns anything here: ask the upstream registry itself (npm access --registry <its address>).';
export const stageAdvice =
  'Nothing is staged here: npm publish makes a version visible at once, to everybody or to nobody.';
export const auditAdvice =
  'This audit endpoint of old clients sends the whole dependency tree with its private names, so it is not forwarded. npm 7 and later, pnpm and yarn 4 use the bulk endpoint, which is served here.';

export function refuse(kind: string, advice: string): Refused {
  return { as: 'refusal', kind, error: new MeridianError('method-not-allowed', advice) };
}

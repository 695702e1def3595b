/**
 * Names requests that change something of a repository that lives here, or that are about an upload: what they do to what, or why
 * they are refused.
 */
import type { Exchange } from '../../exchange.ts';
import type { Mount } from '../../protocol.ts';
import type { FieldList, Named } from '../../resource.ts';
import type { Hosted } from './hosted/claims.ts';
import { actionOf } from './methods.ts';
import { below, readPath } from './path.ts';
import { malformed, noAddress, refuse } from './refuse.ts';
import type { Sources } from './sources.ts';

/** What the origin looks at. */
const passedOn = ['content-type', 'content-length', 'content-range', 'content-encoding'];

interface Homes {
  readonly sources: Sources;
  readonly hosted: Hosted | null;
}

export function nameWrite(mount: Mount, exchange: Exchange, { sources, hosted }: Homes): Named {
  const rest = below(mount, exchange.path);
  if (rest === null) return noAddress;
  const wanted = readPath(rest);
  if (wanted.kind === 'malformed') return malformed(wanted);
  const action = actionOf(exchange.method, wanted);
  if (action === null || !('name' in wanted))
    return refuse(wanted.kind, 'method-not-allowed', 'A registry for containers knows no such request.');
  const { name, kind } = wanted;
  if (hosted === null || !hosted.claims(name) || sources.fullName(name, null) !== name)
    return refuse(kind, 'method-not-allowed', adviceOn(name));
  const ask: FieldList = passedOn.flatMap((field) => {
    const value = exchange.headers.get(field);
    return value === null ? [] : [[field, value] as const];
  });
  return {
    ...{ as: 'pass', kind, why: 'method', deed: { action, subject: name }, ask },
    bringsBlob: kind === 'upload',
  };
}

function adviceOn(name: string): string {
  return `${name} does not live here, so nothing can be pushed, changed or deleted: that is for its own registry. What lives here, the config of this route says (\`hosted.names\`).`;
}

/**
 * What a registry asks for with 401: `WWW-Authenticate` (RFC 9110 §11.6.1), of which Bearer (with `realm`, `service` and `scope`,
 * https://distribution.github.io/distribution/spec/auth/token/) and Basic are understood.
 */
export type Challenge =
  | {
      readonly scheme: 'bearer';
      readonly realm: string;
      readonly service: string | null;
      readonly scope: string | null;
    }
  | { readonly scheme: 'basic' };

/** The one that can be answered best; `null` where there is none. */
export function readChallenge(field: string | null): Challenge | null {
  if (field === null) return null;
  const found = challengesIn(field);
  const bearer = found.find(({ scheme }) => scheme === 'bearer');
  const realm = bearer?.parameters.get('realm');
  if (bearer !== undefined && realm !== undefined) {
    const { parameters } = bearer;
    return {
      scheme: 'bearer',
      realm,
      service: parameters.get('service') ?? null,
      scope: parameters.get('scope') ?? null,
    };
  }
  return found.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : null;
}

interface Parsed {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

/** A scheme, or a parameter: `name="quoted"` or `name=token`. */
const piece =
  /[\s,]*(?:([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w:/-]+))|([A-Za-z][\w-]*)(?=\s|$|,))/y;

function challengesIn(field: string): Parsed[] {
  const all: Parsed[] = [];
  piece.lastIndex = 0;
  for (let match = piece.exec(field); match !== null; match = piece.exec(field)) {
    const [, name, quoted, token, scheme] = match;
    if (scheme !== undefined) all.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    else if (name !== undefined)
      all.at(-1)?.parameters.set(name.toLowerCase(), token ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
  }
  return all;
}

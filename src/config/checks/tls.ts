/**
 * Whether the certificates that nodes show and ask for can be read, and whether who is asked for one has one.
 */
import type { Mistake } from '../mistake.ts';
import type { ParsedNode } from '../schema.ts';
import { parentsIn } from '../schema-parents.ts';
import type { Draft } from './draft.ts';
import { checkFiles, checkPem } from './pem.ts';

export function checkTls(draft: Draft): Mistake[] {
  return [...draft.nodes].flatMap(([name, node]) => [
    ...node.listen.flatMap((listener, index) =>
      checkListener(listener, `nodes.${name}.listen[${index}]`, draft),
    ),
    ...checkListenerFiles(`nodes.${name}.ring.tls`, node.ring?.tls, draft),
    ...checkShown(name, node, draft),
    ...checkAsked(name, node, draft),
  ]);
}

function checkListener({ tls, http3 }: ParsedNode['listen'][number], path: string, draft: Draft): Mistake[] {
  const files = checkListenerFiles(`${path}.tls`, tls, draft);
  if (tls?.clientCa === undefined || !http3) return files;
  const expected = 'false, because clients are not asked for certificates over HTTP/3';
  return [...files, { path: `${path}.http3`, expected, found: 'true with tls.clientCa' }];
}

function checkListenerFiles(path: string, tls: ParsedNode['listen'][number]['tls'], draft: Draft): Mistake[] {
  if (tls === undefined) return [];
  return (['cert', 'key', 'clientCa'] as const).flatMap((part) =>
    checkPem(`${path}.${part}`, tls[part], draft),
  );
}

function checkShown(name: string, { tls }: ParsedNode, draft: Draft): Mistake[] {
  return tls === undefined ? [] : checkFiles(`nodes.${name}.tls`, tls, draft);
}

/** As far as the file tells: with a `url` of its own, a parent may be reached by another way. */
function checkAsked(name: string, { tls, parents }: ParsedNode, { nodes }: Draft): Mistake[] {
  if (tls?.cert !== undefined) return [];
  const strict = parentsIn(parents).find((parent) => {
    const asked = nodes.get(parent);
    const door =
      asked?.url === undefined ? asked?.listen.find(({ proxyProtocol }) => !proxyProtocol) : undefined;
    return door?.tls?.clientCa !== undefined;
  });
  if (strict === undefined) return [];
  const expected = `a PEM file, because ${strict} lets in only who shows a certificate`;
  return [{ path: `nodes.${name}.tls.cert`, expected, found: 'nothing' }];
}

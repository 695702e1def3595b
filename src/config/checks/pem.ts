/** Whether the PEM files that the config names are there, and are what they should be. */
import { resolve } from 'node:path';
import type { TlsFiles } from '../../server-tls.ts';
import type { Mistake } from '../mistake.ts';
import type { ParsedNode } from '../schema.ts';
import type { Draft } from './draft.ts';

export function checkPem(
  path: string,
  file: string | undefined,
  { configDir, missingFiles }: Draft,
): Mistake[] {
  if (file === undefined) return [];
  const absolute = resolve(configDir, file);
  const problem = missingFiles.get(absolute);
  if (problem === undefined) return [];
  return [{ path, expected: 'a PEM file that can be read', found: `${problem} at ${absolute}` }];
}

/** Of every server that is spoken to in TLS by the config's word. */
export function checkServerTls(draft: Draft): Mistake[] {
  const { bus, kv, nodes } = draft;
  const stores = [...nodes].flatMap(([name, { store }]) => [
    [`nodes.${name}.store.blobs.s3.tls`, store?.blobs.s3?.tls] as const,
    [`nodes.${name}.store.metadata.postgres.tls`, store?.metadata.postgres?.tls] as const,
  ]);
  const servers: (readonly [string, TlsFiles | undefined])[] = [
    ['bus.tls', bus !== undefined && 'tls' in bus ? bus.tls : undefined],
    ...[...kv].map(([name, { tls }]) => [`kv.${name}.tls`, tls] as const),
    ...stores,
  ];
  const files = servers.flatMap(([path, tls]) => (tls === undefined ? [] : checkFiles(path, tls, draft)));
  return [...files, ...[...nodes].flatMap(([name, node]) => checkMode(name, node))];
}

/** Modes in which a server that cannot, or will not, speak TLS is spoken to in plain. */
const openModes: readonly (string | null | undefined)[] = ['disable', 'allow', 'prefer'];

function checkMode(name: string, { store }: ParsedNode): Mistake[] {
  const database = store?.metadata.postgres;
  const mode = URL.parse(database?.url ?? '')?.searchParams.get('sslmode');
  if (database?.tls === undefined || !openModes.includes(mode)) return [];
  const expected = 'sslmode=verify-full, or none, because there is `tls`';
  return [{ path: `nodes.${name}.store.metadata.postgres.url`, expected, found: `sslmode=${mode}` }];
}

export function checkFiles(path: string, { ca, cert, key }: TlsFiles, draft: Draft): Mistake[] {
  const files = Object.entries({ ca, cert, key });
  const pems = files.flatMap(([part, file]) => checkPem(`${path}.${part}`, file, draft));
  if ((cert === undefined) === (key === undefined)) return pems;
  const [missing, given] = cert === undefined ? ['cert', 'key'] : ['key', 'cert'];
  return [
    ...pems,
    { path: `${path}.${missing}`, expected: `a path, because there is a \`${given}\``, found: 'nothing' },
  ];
}

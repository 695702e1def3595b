/** The PEM files that a config names, looked at before it is used. It is not checked yet, so it may be anything. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from './error-code.ts';
import { member } from './outline.ts';

/** What each is, by the name of its parameter. */
type Part = 'ca' | 'cert' | 'key' | 'clientCa';

/** Absolute path → what keeps a file from being used, of those that the nodes of this machine need. */
export async function pemProblems(
  input: unknown,
  here: readonly string[] | undefined,
  configDir: string,
): Promise<Map<string, string>> {
  const problems = new Map<string, string>();
  for (const tls of namedIn(input, here)) {
    const [cert, key] = await Promise.all(
      (['cert', 'key', 'ca', 'clientCa'] as const).map(async (part): Promise<Pem | undefined> => {
        const file = member(tls, part);
        if (typeof file !== 'string') return undefined;
        const path = resolve(configDir, file);
        const pem = await pemAt(path, part);
        if (typeof pem !== 'string') return { ...pem, path };
        problems.set(path, pem);
        return undefined;
      }),
    );
    if (!cert?.certificate || !key?.privateKey || cert.certificate.checkPrivateKey(key.privateKey)) continue;
    problems.set(key.path, 'the key of another certificate');
  }
  return problems;
}

interface Pem {
  readonly path: string;
  readonly certificate?: X509Certificate;
  readonly privateKey?: KeyObject;
}

/** Whatever stands under `tls`, of listeners, of nodes that ask others, and of servers. */
function namedIn(input: unknown, here: readonly string[] | undefined): unknown[] {
  const nodes = member(input, 'nodes');
  const kv = member(input, 'kv');
  const ours = (here ?? namesOf(nodes)).map((name) => member(nodes, name));
  const listeners = ours.flatMap((node) => {
    const listen = member(node, 'listen');
    return Array.isArray(listen) ? listen : [];
  });
  const rings = ours.map((node) => member(node, 'ring'));
  const databases = ours.map((node) => member(member(member(node, 'store'), 'metadata'), 'postgres'));
  const buckets = ours.map((node) => member(member(member(node, 'store'), 'blobs'), 's3'));
  const near = ours.flatMap((node) => [member(node, 'near'), member(member(node, 'sharedMemory'), 'store')]);
  const stores = namesOf(kv).filter((name) => here === undefined || near.includes(name));
  const servers = [member(input, 'bus'), ...stores.map((name) => member(kv, name)), ...databases, ...buckets];
  return [...listeners, ...rings, ...ours, ...servers].map((each) => member(each, 'tls'));
}

function namesOf(map: unknown): string[] {
  return typeof map === 'object' && map !== null ? Object.keys(map) : [];
}

/** Or what is wrong with it. */
async function pemAt(path: string, part: Part): Promise<Omit<Pem, 'path'> | string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return codeOf(error) ?? 'a file that cannot be read';
  }
  try {
    return part === 'key'
      ? { privateKey: createPrivateKey(text) }
      : { certificate: new X509Certificate(text) };
  } catch {
    // What the parser says of it helps nobody.
    return part === 'key' ? 'no private key in PEM form' : 'no certificate in PEM form';
  }
}

/** A GOPROXY of modules that a test makes, with a checksum database behind it. */
import { createHash } from 'node:crypto';
import { hash1, hashOfGoMod } from '../../src/protocols/go/dirhash.ts';
import { escaped, unescaped } from '../../src/protocols/go/escape.ts';
import { zipOf } from '../../src/protocols/go/zip-writer.ts';
import { type ChecksumDatabase, checksumDatabase } from './checksum-database.ts';
import { startUpstream, type Upstream, type UpstreamAnswer } from './upstream.ts';

export interface GoProxy extends Upstream {
  readonly database: ChecksumDatabase;
  /** Publishes a version. @param files by their names in the module, its go.mod among them. */
  add(
    module: string,
    version: string,
    files: Readonly<Record<string, string>>,
    options?: AddOptions,
  ): Promise<void>;
  /** Other bytes at an address, whatever was there: `/example.com/m/@v/v1.0.0.zip`. */
  replace(path: string, body: string | Uint8Array): void;
}

interface AddOptions {
  /** Of its publication; absent: long ago. */
  readonly time?: Date;
  /** The database does not know it. */
  readonly isUnknown?: boolean;
}

/** The zip of a module, as the go command has it. */
export async function moduleZip(
  prefix: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<{ readonly bytes: Buffer; readonly hash: string }> {
  const entries = Object.entries(files).map(([name, content]) => ({
    name: prefix + name,
    content: Buffer.from(content),
  }));
  const parts: Uint8Array[] = [];
  const chunks = async function* (content: Uint8Array) {
    yield content;
  };
  for await (const part of zipOf(
    entries.map(({ name, content }) => ({ name, chunks: () => chunks(content) })),
  ))
    parts.push(part);
  const hashed = entries.map(({ name, content }) => ({
    name,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
  return { bytes: Buffer.concat(parts), hash: hash1(hashed) };
}

export async function startGoProxy(): Promise<GoProxy> {
  const database = checksumDatabase('sum.example.com');
  const bodies = new Map<string, string | Uint8Array>();
  const lists = new Map<string, string[]>();
  const upstream = await startUpstream(({ path }) => answer(path));

  function answer(path: string): UpstreamAnswer {
    const text = decodeURIComponent(path);
    const own = `/sumdb/${database.name}`;
    const body = text.startsWith(`${own}/`)
      ? database.answer(unescaped(text.slice(own.length)) ?? '')
      : (bodies.get(text) ?? null);
    return body === null ? { status: 404, body: 'not found' } : { body };
  }

  return {
    ...upstream,
    database,
    async add(module, version, files, { time = new Date('2020-01-01T00:00:00Z'), isUnknown = false } = {}) {
      const { bytes, hash } = await moduleZip(`${module}@${version}/`, files);
      const mod = files['go.mod'] ?? `module ${module}\n`;
      const at = `/${escaped(module)}`;
      const listed = [...(lists.get(at) ?? []), version];
      lists.set(at, listed);
      const info = JSON.stringify({ Version: version, Time: time.toISOString() });
      bodies.set(`${at}/@v/list`, `${listed.join('\n')}\n`);
      bodies.set(`${at}/@latest`, info);
      bodies.set(`${at}/@v/${escaped(version)}.info`, info);
      bodies.set(`${at}/@v/${escaped(version)}.mod`, mod);
      bodies.set(`${at}/@v/${escaped(version)}.zip`, bytes);
      if (!isUnknown) database.add(module, version, { zip: hash, mod: hashOfGoMod(Buffer.from(mod)) });
    },
    replace: (path, body) => void bodies.set(path, body),
  };
}

/** The files of a module whose package, of the same name in lower case, says something. */
export function greet(module: string, says: string): Record<string, string> {
  const name = module.split('/').at(-1)?.toLowerCase();
  return {
    'go.mod': `module ${module}\n\ngo 1.19\n`,
    'greet.go': `package ${name}\n\nfunc Say() string { return "${says}" }\n`,
    LICENSE: 'as you like\n',
  };
}

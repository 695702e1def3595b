/**
 * A checksum database for Go modules, signed with a key of its own (golang.org/x/mod/sumdb: note, tlog): a transparency log of up to 255 records,
 * so that one tile holds all of them.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface ChecksumDatabase {
  /** `GOSUMDB`: its name and its key. */
  readonly key: string;
  readonly name: string;
  /** @param hashes `h1:…` of the zip and of the go.mod. */
  add(module: string, version: string, hashes: { readonly zip: string; readonly mod: string }): void;
  /** What it answers below its address: `/lookup/example.com/m@v1.0.0`, unescaped. */
  answer(path: string): string | Uint8Array | null;
}

const sha256 = (...parts: readonly (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export function checksumDatabase(name: string): ChecksumDatabase {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  // The last 32 bytes of the structure are the key itself; 1 stands for Ed25519.
  const publicBytes = Buffer.concat([
    Buffer.of(1),
    publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
  ]);
  const keyHash = sha256(`${name}\n`, publicBytes).subarray(0, 4);
  const records: { readonly of: string; readonly text: string }[] = [];
  const leaves: Buffer[] = [];

  function head(): string {
    const text = `go.sum database tree\n${leaves.length}\n${treeHash(leaves).toString('base64')}\n`;
    const signature = Buffer.concat([keyHash, sign(null, Buffer.from(text), privateKey)]);
    return `${text}\n— ${name} ${signature.toString('base64')}\n`;
  }

  return {
    ...{ name, key: `${name}+${keyHash.toString('hex')}+${publicBytes.toString('base64')}` },
    add(module, version, { zip, mod }) {
      const text = `${module} ${version} ${zip}\n${module} ${version}/go.mod ${mod}\n`;
      records.push({ of: `${module}@${version}`, text });
      leaves.push(sha256(Buffer.of(0), text));
    },
    answer(path) {
      if (path === '/supported') return '';
      if (path === '/latest') return head();
      const [, tile] = /^\/tile\/8\/0\/000\.p\/(\d+)$/.exec(path) ?? [];
      if (tile !== undefined) return Buffer.concat(leaves.slice(0, Number(tile)));
      const number = records.findIndex(({ of }) => path === `/lookup/${of}`);
      return number < 0 ? null : `${number}\n${records[number]?.text}\n${head()}`;
    },
  };
}

/** RFC 6962 §2.1. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  const half = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, half)), treeHash(leaves.slice(half)));
}

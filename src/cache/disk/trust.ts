/**
 * Which stored bodies are known to be right: those written or checked since this process started. An older one
 * is read and hashed before its first use, once, however many ask for it.
 */
import type { Entry } from '../../entry.ts';
import type { Objects } from './objects.ts';

/** Beyond this the knowledge is dropped, and bodies are checked once more. */
const maxTrusted = 1_000_000;

export interface Trust {
  /** Whether the body is there and right. */
  isRight(entry: Entry): boolean | Promise<boolean>;
  add(sha256: string): void;
  delete(sha256: string): void;
}

export function trust(objects: Objects): Trust {
  const trusted = new Set<string>();
  const checks = new Map<string, Promise<boolean>>();

  function add(sha256: string): void {
    if (trusted.size >= maxTrusted) trusted.clear();
    trusted.add(sha256);
  }

  async function check({ sha256, sizeBytes }: Entry): Promise<boolean> {
    try {
      const right = await objects.intact(sha256, sizeBytes);
      if (right) add(sha256);
      return right;
    } finally {
      checks.delete(sha256);
    }
  }

  return {
    isRight(entry) {
      const { sha256, sizeBytes } = entry;
      if (trusted.has(sha256)) return objects.present(sha256, sizeBytes);
      const known = checks.get(sha256);
      if (known !== undefined) return known;
      const checking = check(entry);
      checks.set(sha256, checking);
      return checking;
    },
    add,
    delete: (sha256) => void trusted.delete(sha256),
  };
}

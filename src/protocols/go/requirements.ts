/** What a go.mod file requires (go.dev/ref/mod#go-mod-file-require). */
import { objectionToModule } from './module-path.ts';
import { isCanonicalVersion } from './module-version.ts';

export interface Required {
  readonly module: string;
  readonly version: string;
  /** Nothing in the module itself imports it. */
  readonly isIndirect: boolean;
}

export interface GoMod {
  readonly requires: readonly Required[];
  /**
   * Whether all that its packages need is in it, as of go 1.17 (go.dev/ref/mod#graph-pruning): what is required by what it requires is not
   * looked at then.
   */
  readonly isPruned: boolean;
}

/** Larger ones are no one's. */
const mostRequired = 5_000;
const line = /^("[^"]*"|`[^`]*`|[^\s()]+)\s+("[^"]*"|`[^`]*`|[^\s()]+)$/;

/** What makes no sense is left out. */
export function readGoMod(text: string): GoMod {
  const requires: Required[] = [];
  let block: string | null = null;
  let isPruned = false;
  for (const written of text.split('\n')) {
    const [code = '', ...comments] = written.split('//');
    const words = code.trim();
    if (block !== null && words === ')') {
      block = null;
      continue;
    }
    const opened = /^([a-z]+)\s*\($/.exec(words)?.[1];
    if (block === null && opened !== undefined) {
      block = opened;
      continue;
    }
    const [, verb = '', rest = ''] =
      block === null ? (/^([a-z]+)\s+(.*)$/.exec(words) ?? []) : ['', block, words];
    if (verb === 'go') isPruned = isFrom117(rest);
    const found = verb === 'require' ? requiredIn(rest, /^\s*indirect\b/.test(comments.join('//'))) : null;
    if (found !== null && requires.length < mostRequired) requires.push(found);
  }
  return { requires, isPruned };
}

function requiredIn(words: string, isIndirect: boolean): Required | null {
  const [, module = '', version = ''] = line.exec(words) ?? [];
  const [name, number] = [unquoted(module), unquoted(version)];
  if (objectionToModule(name) !== null || !isCanonicalVersion(number)) return null;
  return { module: name, version: number, isIndirect };
}

function unquoted(text: string): string {
  return /^["`]/.test(text) ? text.slice(1, -1) : text;
}

function isFrom117(version: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 1 || Number(minor) >= 17;
}

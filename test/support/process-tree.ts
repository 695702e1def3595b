/** Processes and those that they have started, from `/proc` (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';
import type { Running } from './process.ts';

/** Those that this one has started itself, oldest first. */
export function childrenOf(parent: number): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return all.filter((pid) => parentOf(pid) === parent).toSorted((a, b) => a - b);
}

/** As when the power fails: the process and its children at once, with no time for one to hear of another's end. */
export async function killMachine({ pid, kill9 }: Running): Promise<void> {
  const children = childrenOf(pid);
  const gone = kill9();
  for (const child of children) process.kill(child, 'SIGKILL');
  await gone;
}

/** `null` for one that has ended. */
function parentOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null; // It ended since it was listed.
  }
}

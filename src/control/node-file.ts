/**
 * `node.json` in a node's data folder: there while the node runs, so that commands on the same machine find
 * it. A node that was killed leaves it behind, so it is believed only when the node answers.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, hasCode } from '../config/error-code.ts';
import { type NodeFile, nodeFile } from './messages.ts';

export async function writeNodeFile(dataDir: string, content: NodeFile): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const draft = join(dataDir, `node.json.${process.pid}`);
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, join(dataDir, 'node.json'));
}

/** Removes the file if it is still this process's own. */
export async function removeNodeFile(dataDir: string): Promise<void> {
  const found = await readNodeFile(dataDir);
  if (found?.pid === process.pid) await rm(join(dataDir, 'node.json'), { force: true });
}

/** `undefined` where there is none, and for what is not such a file. */
export async function readNodeFile(dataDir: string): Promise<NodeFile | undefined> {
  try {
    return nodeFile.parse(JSON.parse(await readFile(join(dataDir, 'node.json'), 'utf8')));
  } catch (error) {
    if (hasCode(error, 'EACCES')) throw error;
    return undefined;
  }
}

/** Whether there is such a process. One that may not be signalled is one, too. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

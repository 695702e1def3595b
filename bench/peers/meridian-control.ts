/** What a run asks of Meridian's nodes as its commands do, without the start of a command: a token, a purge. */
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';

/** Whom the token belongs to. */
export const USER = 'bench';

export interface Right {
  readonly actions: readonly string[];
  readonly routes: readonly string[];
  readonly subjects: readonly string[];
}

/** As `meridian user`, `grant` and `token` do. `dataDir`: the origin's. */
export async function makeToken(dataDir: string, secret: string, right: Right): Promise<string> {
  const control = await controlOf(dataDir, secret);
  const ask = async (target: string, body: unknown) => {
    const answer = await control.api({ method: 'POST', target, body });
    if (answer.status !== 200) throw new Error(`${target}: ${JSON.stringify(answer)}`);
    return answer.body;
  };
  await ask('/users', { name: USER });
  await ask('/grants', { ...right, to: `user:${USER}` });
  const { token } = (await ask('/tokens', { owner: `user:${USER}` })) as { token: string };
  return token;
}

/** As `meridian purge --node` does, without the bus: the origin first. `dataDir`: of all nodes. */
export async function purgeByTag(dataDir: string, secret: string, tag: string): Promise<void> {
  for (const node of ['origin', 'pop']) {
    const control = await controlOf(join(dataDir, node), secret);
    const answer = await control.purge({ targets: [{ by: 'tag', tag }], here: true });
    if ('reasons' in answer) throw new Error(answer.reasons.join('; '));
  }
}

async function controlOf(dataDir: string, secret: string) {
  const file = await readNodeFile(dataDir);
  if (!file) throw new Error(`the node of ${dataDir} does not say where it is`);
  return controlClient(file.control, secret, systemClock);
}

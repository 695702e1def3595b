/** What the suite `npm` needs of a server besides what every peer has. */
import type { Peer, Running, Stage } from '../peers/peer.ts';

export interface RegistryPeer extends Peer {
  start(stage: Stage): Promise<RunningRegistry>;
}

export interface RunningRegistry extends Running {
  /** By which packages of `SCOPE` are published. `null`: nothing can be published there. */
  readonly token: string | null;
}

/** Whose packages live at the servers themselves. */
export const SCOPE = '@bench';

/** How long what comes from the upstream is used without asking, at every server: longer than a run. */
export const FRESH_SECONDS = 6 * 3600;

/** What is asked for with npm's own fields. */
export const FORMS = {
  abbreviated: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
  full: 'application/json',
} as const;

export type Form = keyof typeof FORMS;

/** All of these wires but the first are not measured here: packages are the question, not protocols. */
export function plainly(port: number): Running['on'] {
  const other = { because: 'not measured' };
  return { 'http/1.1': `http://127.0.0.1:${port}`, 'https/1.1': other, h2: other };
}

/** What the suite `oci` needs of a server besides what every peer has. */
import type { Peer, Running, Stage } from '../peers/peer.ts';

/** What a server is in a case: a cache in front of another registry, a registry itself, or one that wants a token for each request. */
export type Part = 'pulled' | 'hosted' | 'private';

export interface OciPeer extends Peer {
  start(stage: Stage): Promise<OciRunning>;
}

export interface OciRunning extends Running {
  /** Value of the `Authorization` field, for some minutes; `null`: none is needed. */
  credential(action: 'pull' | 'push'): Promise<string | null>;
  /** Lets go of what its caches hold, and of nothing else; `null` where there are none. */
  readonly forget: (() => Promise<void>) | null;
}

/** The one repository of all parts. */
export const REPOSITORY = 'bench/small';

export const nobodyAsks = async (): Promise<null> => null;

/**
 * Who is signed in. The token is kept by this tab alone, and goes with it: not in a cookie, which every other service on
 * this host would be sent, too.
 */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Ask, asker, type Own } from './ask.ts';

const storageKey = 'meridian.token';

export interface Session {
  readonly ask: Ask;
  readonly own: Own;
  leave(): void;
}

export const SessionContext = createContext<Session | null>(null);

/** For what is shown to somebody signed in. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('nobody is signed in');
  return session;
}

export function keptToken(): string | null {
  return sessionStorage.getItem(storageKey);
}

export function forget(): void {
  sessionStorage.removeItem(storageKey);
}

interface Ending {
  /** Somebody wants to go. */
  leave(): void;
  /** The token is good for nothing any more. */
  refused(): void;
}

/** @throws `ApiError` with a sentence: of status 401 when the token is none. */
export async function signIn(token: string, { leave, refused }: Ending): Promise<Session> {
  let isIn = false;
  // Who has not come in yet is told so where he tried.
  const ask = asker(token, () => (isIn || keptToken() === token) && refused());
  const own = await ask('GET', '/whoami');
  isIn = true;
  sessionStorage.setItem(storageKey, token);
  return { ask, own, leave };
}

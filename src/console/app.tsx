/** The whole console: somebody signs in, and has the pages. */
import { useEffect, useState } from 'preact/hooks';
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { ApiError } from './data/ask.ts';
import { forget, keptToken, type Session, SessionContext, signIn, useSession } from './data/session.ts';
import { Frame } from './frame.tsx';
import { pages } from './pages.ts';
import { Icon } from './parts/icon.tsx';
import { Notice } from './parts/notice.tsx';
import { SignIn } from './sign-in.tsx';

const ended = 'You have been signed out: your token has expired, or was revoked.';

export function App() {
  const [session, setSession] = useState<Session | null>(null);
  const [isKnown, setKnown] = useState(keptToken() === null);
  /** Why somebody who was signed in is not any more. */
  const [why, setWhy] = useState<string | null>(null);
  /** Why it cannot be told now whose token this tab keeps. */
  const [trouble, setTrouble] = useState<string | null>(null);

  const leave = (reason: string | null) => {
    forget();
    setSession(null);
    setWhy(reason);
  };
  const enter = async (token: string) => {
    setSession(await signIn(token, { leave: () => leave(null), refused: () => leave(ended) }));
    setWhy(null);
  };

  async function resume(): Promise<void> {
    const token = keptToken();
    setTrouble(null);
    try {
      if (token !== null) await enter(token);
      setKnown(true);
    } catch (error) {
      // Only a token that is none is forgotten.
      if (error instanceof ApiError && error.status === 401) setKnown(true);
      else setTrouble(error instanceof Error ? error.message : String(error));
    }
  }
  useEffect(() => void resume(), []);

  if (session === null) {
    if (isKnown) return <SignIn enter={enter} why={why} />;
    return trouble === null ? null : <Trouble reason={trouble} again={() => void resume()} />;
  }
  return (
    <SessionContext.Provider value={session}>
      <LocationProvider scope="/console/">
        <Frame>
          <Pages />
        </Frame>
      </LocationProvider>
    </SessionContext.Provider>
  );
}

function Trouble({ reason, again }: { readonly reason: string; readonly again: () => void }) {
  return (
    <main class="sign-in">
      <div>
        <h1>
          <Icon name="globe" /> Meridian
        </h1>
        <Notice kind="bad">{reason}</Notice>
        <button type="button" class="main" onClick={again}>
          Try again
        </button>
        <p class="note">You are still signed in.</p>
      </div>
    </main>
  );
}

function Pages() {
  const { own } = useSession();
  const { path, route } = useLocation();
  const [error, setError] = useState<Error | null>(null);
  // What nodes do is for those who administer the network: others begin where there is something for them.
  const isElsewhere = !own.administers && (path === '/console/' || path === '/console');
  useEffect(() => {
    setError(null);
    if (isElsewhere) route('/console/packages', true);
  }, [path]);
  if (isElsewhere) return null;
  if (error) return <Notice kind="bad">This page failed: {error.message}</Notice>;
  return (
    <ErrorBoundary onError={setError}>
      <Router>
        {pages.map(({ path: at, Page }) => (
          <Route key={at} path={at} component={Page} />
        ))}
        <Route default component={Missing} />
      </Router>
    </ErrorBoundary>
  );
}

function Missing() {
  return (
    <Notice kind="bad">
      There is no such page. <a href="/console/">To the first one</a>
    </Notice>
  );
}

/** The whole console: somebody signs in, and has the pages. */
import { useEffect, useState } from 'preact/hooks';
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { forget, keptToken, type Session, SessionContext, signIn } from './data/session.ts';
import { Frame } from './frame.tsx';
import { pages } from './pages.ts';
import { Notice } from './parts/notice.tsx';
import { SignIn } from './sign-in.tsx';

export function App() {
  const [session, setSession] = useState<Session | null>(null);
  const [isKnown, setKnown] = useState(keptToken() === null);

  const leave = () => {
    forget();
    setSession(null);
  };
  const enter = async (token: string) => setSession(await signIn(token, leave));

  useEffect(() => {
    const token = keptToken();
    if (token !== null)
      enter(token)
        .catch(leave)
        .finally(() => setKnown(true));
  }, []);

  if (session === null) return isKnown ? <SignIn enter={enter} /> : null;
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

function Pages() {
  const { path } = useLocation();
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => setError(null), [path]);
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
      There is no such page. <a href="/console/">To the network</a>
    </Notice>
  );
}

/** The login: a token, which the API is asked about. */
import { useState } from 'preact/hooks';
import { Icon } from './parts/icon.tsx';
import { Notice } from './parts/notice.tsx';

export function SignIn({
  enter,
  why,
}: {
  readonly enter: (token: string) => Promise<void>;
  /** Why somebody is here who was signed in; `null`: nobody was, or he has gone himself. */
  readonly why: string | null;
}) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await enter(token.trim());
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
      setBusy(false);
    }
  }

  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <Icon name="globe" /> Meridian
        </h1>
        {why !== null && error === null && <Notice kind="bad">{why}</Notice>}
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          aria-describedby="token-note"
          aria-invalid={error !== null}
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        {error !== null && (
          <p role="alert" class="bad">
            {error}
          </p>
        )}
        <button type="submit" class="main" disabled={isBusy || token.trim() === ''}>
          Sign in
        </button>
        <p id="token-note" class="note">
          The one that the first start printed, or one made with <code>meridian token create</code>. This tab
          forgets it when it is closed.
        </p>
      </form>
    </main>
  );
}

/** The login: a token, which the API is asked about. */
import { useState } from 'preact/hooks';
import { Icon } from './parts/icon.tsx';

export function SignIn({ enter }: { readonly enter: (token: string) => Promise<void> }) {
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

/** Fields, and what comes of sending them: one thing at a time, and why it failed beside the button. */
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Notice } from './notice.tsx';

export function Form({
  send,
  does,
  isDangerous = false,
  isReady = true,
  cancel,
  children,
}: {
  /** @throws what is shown as a sentence. */
  readonly send: () => Promise<void>;
  /** The button: `Add the user`. */
  readonly does: string;
  readonly isDangerous?: boolean;
  readonly isReady?: boolean;
  readonly cancel?: () => void;
  readonly children?: ComponentChildren;
}) {
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await send();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      {children}
      {error !== null && <Notice kind="bad">{error}</Notice>}
      <div class="row form-end">
        <button type="submit" class={isDangerous ? 'danger' : 'main'} disabled={isBusy || !isReady}>
          {does}
        </button>
        {cancel !== undefined && (
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}

interface FieldOptions {
  readonly label: string;
  /** Below: what it means, or takes. */
  readonly note?: ComponentChildren;
  readonly value: string;
  readonly set: (value: string) => void;
}

export function TextField({
  label,
  note,
  value,
  set,
  type = 'text',
  required = false,
  placeholder,
  suggestions = [],
}: FieldOptions & {
  readonly type?: 'text' | 'search' | 'email';
  readonly required?: boolean;
  readonly placeholder?: string;
  /** What may well be meant; anything else is taken, too. */
  readonly suggestions?: readonly string[];
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        required={required}
        placeholder={placeholder}
        list={`${id}-list`}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
      <datalist id={`${id}-list`}>
        {suggestions.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <Note id={id}>{note}</Note>
    </div>
  );
}

/** Of somebody, given to him: not the one that the browser knows. */
export function PasswordField({ label, note, value, set }: FieldOptions) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="password"
        value={value}
        autocomplete="new-password"
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
      <Note id={id}>{note}</Note>
    </div>
  );
}

export function Choice({
  label,
  note,
  value,
  set,
  of,
}: FieldOptions & {
  /** Values, and what they are called. */
  readonly of: readonly (readonly [value: string, title: string])[];
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onChange={({ currentTarget }) => set(currentTarget.value)}
      >
        {of.map(([each, title]) => (
          <option key={each} value={each}>
            {title}
          </option>
        ))}
      </select>
      <Note id={id}>{note}</Note>
    </div>
  );
}

/** Some of several. */
export function Checks<Value extends string>({
  label,
  of,
  chosen,
  set,
}: {
  readonly label: string;
  readonly of: readonly (readonly [value: Value, title: string])[];
  readonly chosen: readonly Value[];
  /** Given in the order of `of`. */
  readonly set: (chosen: readonly Value[]) => void;
}) {
  return (
    <fieldset class="field">
      <legend>{label}</legend>
      <div class="row">
        {of.map(([value, title]) => (
          <label key={value} class="check">
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={({ currentTarget: { checked } }) =>
                set(
                  of
                    .map(([each]) => each)
                    .filter((each) => (each === value ? checked : chosen.includes(each))),
                )
              }
            />
            {title}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Note({ id, children }: { readonly id: string; readonly children: ComponentChildren }) {
  if (children === undefined) return null;
  return (
    <p id={`${id}-note`} class="note">
      {children}
    </p>
  );
}

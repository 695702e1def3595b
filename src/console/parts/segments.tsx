/** One of a few, all in sight. */
export function Segments<Value extends string>({
  label,
  of,
  value,
  set,
}: {
  readonly label: string;
  readonly of: readonly (readonly [value: Value, title: string])[];
  readonly value: Value;
  readonly set: (value: Value) => void;
}) {
  return (
    <fieldset class="segments">
      <legend class="unseen">{label}</legend>
      {of.map(([each, title]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => set(each)}>
          {title}
        </button>
      ))}
    </fieldset>
  );
}

/** Text for a shell or a file, with a button that copies it. */
import { Copy } from './copy.tsx';

export function Code({
  text,
  label,
}: {
  readonly text: string;
  /** What is copied: `Copy the command`. */
  readonly label: string;
}) {
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <Copy text={text} label={label} />
    </div>
  );
}

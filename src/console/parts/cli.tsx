/** What to type instead: the command that does the same as a part of a page, with the values that are filled in. */
import { Copy } from './copy.tsx';

/** `undefined` and `false` are left out, so that `wanted && '--soft'` will do. */
export type Word = string | undefined | false;

export function Cli({ command }: { readonly command: readonly Word[] }) {
  const line = commandLine(command);
  return (
    <details class="cli">
      <summary>CLI</summary>
      <div class="cli-line">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a line that scrolls has to be reached */}
        <pre tabIndex={0}>
          <code>{line}</code>
        </pre>
        <Copy text={line} label="Copy the command" />
      </div>
    </details>
  );
}

/** `['purge', '--tag', 'a b']` as a shell reads it: `meridian purge --tag 'a b'`. */
export function commandLine(words: readonly Word[]): string {
  const said = words.filter((word) => typeof word === 'string');
  return ['meridian', ...said.map(quoted)].join(' ');
}

/** As one word to a shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same option for each of several values. */
export function repeated(option: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [option, value]);
}

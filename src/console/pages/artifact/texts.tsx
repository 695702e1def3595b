/** What its publisher has written beside it: text, and nothing else. */
import { Panel } from '../../parts/panel.tsx';

const own = 'org.opencontainers.image.';

export function Texts({
  title,
  texts,
}: {
  readonly title: string;
  readonly texts: Readonly<Record<string, string>>;
}) {
  // Those that have a meaning for everybody come first.
  const all = Object.entries(texts).sort(
    ([a], [b]) => Number(b.startsWith(own)) - Number(a.startsWith(own)) || (a < b ? -1 : 1),
  );
  if (all.length === 0) return null;
  return (
    <Panel title={title}>
      <dl class="package-facts beside">
        {all.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Text text={text} />
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function Text({ text }: { readonly text: string }) {
  if (!/^https?:\/\/\S+$/.test(text) || URL.parse(text) === null) return <>{text}</>;
  return (
    <a class="external" href={text} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}

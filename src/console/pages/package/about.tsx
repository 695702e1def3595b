/** Beside the package: what it is, who looks after it, how much of it is here, and what may be done about that. */
import type { ComponentChildren } from 'preact';
import type { PackagePage } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { bytes, count } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';
import { keptBytes } from '../packages/results.tsx';
import { Policy } from './policy.tsx';
import { Purge } from './purge.tsx';
import { Remove } from './remove.tsx';

export function About({ page }: { readonly page: PackagePage }) {
  const { own } = useSession();
  return (
    <aside class="package-side" aria-label="Facts">
      <Panel title="About">
        <Facts page={page} />
      </Panel>
      <Panel title="Tags">
        <Tags tags={page.tags} />
      </Panel>
      <Panel title="Kept here">
        <Kept page={page} />
        {own.administers && <Purge page={page} />}
        {page.mayDelete && <Remove page={page} />}
      </Panel>
      <Panel title="Policy">
        <Policy page={page} />
      </Panel>
    </aside>
  );
}

export function Facts({ page }: { readonly page: PackagePage }) {
  const { licence, homepage, repository, maintainers, publisher, publishedMs, createdMs, keywords } = page;
  return (
    <dl class="package-facts">
      <Fact name="Licence">{licence ?? 'It names none'}</Fact>
      {homepage !== null && <Fact name="Homepage">{outward(homepage)}</Fact>}
      {repository !== null && repository !== homepage && <Fact name="Sources">{outward(repository)}</Fact>}
      {publishedMs !== null && (
        <Fact name="Latest">
          <When ms={publishedMs} />
          {publisher !== null && ` by ${publisher}`}
        </Fact>
      )}
      {createdMs !== null && (
        <Fact name="First">
          <When ms={createdMs} />
        </Fact>
      )}
      {maintainers.length > 0 && (
        <Fact name="Maintainers">{maintainers.map(({ name }) => name).join(', ')}</Fact>
      )}
      {keywords.length > 0 && (
        <Fact name="Keywords">
          <span class="row badges">
            {keywords.map((each) => (
              <a key={each} class="badge" href={`/console/packages?text=${encodeURIComponent(each)}`}>
                {each}
              </a>
            ))}
          </span>
        </Fact>
      )}
    </dl>
  );
}

/** Its author's word: it leads out of the console. */
function outward(address: string) {
  return (
    <a class="external" href={address} target="_blank" rel="noopener noreferrer">
      {address.replace(/^https?:\/\//, '').replace(/\/$/, '')}
    </a>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Tags({ tags }: Pick<PackagePage, 'tags'>) {
  const all = Object.entries(tags);
  if (all.length === 0) return <p class="none">It has no tags.</p>;
  return (
    <dl class="package-facts short">
      {all.map(([tag, version]) => (
        <Fact key={tag} name={tag}>
          {version}
        </Fact>
      ))}
    </dl>
  );
}

function Kept({ page: { kept } }: { readonly page: PackagePage }) {
  const rows = [
    { name: 'Published here', ...kept.hosted },
    { name: 'Mirrored', ...kept.mirrored },
    { name: 'In the cache', ...kept.cached },
  ].filter(({ versions }) => versions > 0);
  if (rows.length === 0) return <p class="none">No file of it is at the origin.</p>;
  return (
    <dl class="package-facts short">
      {rows.map(({ name, versions, bytes: size }) => (
        <Fact key={name} name={name}>
          {bytes(size)}
          <small>
            {count(versions)} {versions === 1 ? 'version' : 'versions'}
          </small>
        </Fact>
      ))}
      {rows.length > 1 && <Fact name="All of it">{bytes(keptBytes(kept))}</Fact>}
    </dl>
  );
}
